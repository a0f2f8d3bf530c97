"""Every nasty input comes to the one end that is right."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "hostile_corpus.py"


@pytest.mark.slow
def test_no_nasty_input_ends_otherwise_than_it_should(tmp_path):
    counts = tmp_path / "counts.json"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--json", str(counts)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    found = json.loads(counts.read_text())
    assert found["faults"] == 0
    assert found["inputs"] >= 150
    assert found["gb"] < 2
    said = re.search(r"(\d+) inputs, (\d+) runs", (ROOT / "docs" / "reliability.md").read_text())
    assert said is not None
    assert [int(n) for n in said.groups()] == [found["inputs"], found["runs"]]
