"""Lets the tests of this folder import the made-up participant of the scoring tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scoring"))
