"""The helpers of these tests lie beside them: `lab` (browser and screen) and `rig`."""

import sys
from pathlib import Path

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)
