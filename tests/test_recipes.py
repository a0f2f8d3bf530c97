"""The recipes of CONTRIBUTING, followed to the letter in a copy of the tree."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^### (.*?)\n(.*?)(?=^##|\Z)", GUIDE, re.MULTILINE | re.DOTALL))
STEP = re.compile(r"^```python\n# (\S+), (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def statement(text: str, name: str) -> ast.stmt:
    """Return the top-level statement that gives a name its value."""
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            return node
    raise AssertionError(f"{name} is not given a value at the top of the file")


def edited(text: str, where: str, block: str) -> str:
    """Return a file's text with a block put where the recipe says."""
    lines = text.splitlines(keepends=True)
    word, _, rest = where.partition(" ")
    name, _, before = rest.partition(" before ")
    if where == "imports":
        at = max(n.lineno for n in ast.parse(text).body if isinstance(n, ast.ImportFrom)) - 1
    elif word == "above":
        at = statement(text, name).lineno - 1
    elif before:
        at = statement(text, name).lineno
        at += next(k for k, line in enumerate(lines[at:]) if line.strip().startswith(before))
    else:
        at = (statement(text, name).end_lineno or 0) - 1  # the closing bracket
    return "".join([*lines[:at], block, *lines[at:]])


@pytest.fixture
def follow(tmp_path: Path):
    """Copy the package, apply a recipe, and give what runs Python on the copy."""

    def run(recipe: str, code: str) -> str:
        steps = STEP.findall(RECIPES[recipe])
        assert steps, f"{recipe!r} has no block that says where it goes"
        for folder in ("src", "protocols", "stimuli"):
            shutil.copytree(ROOT / folder, tmp_path / folder, dirs_exist_ok=True)
        for place, where, block in steps:
            path = tmp_path / place
            text = block if where == "new" else edited(path.read_text("utf-8"), where, block)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_every_recipe_is_there() -> None:
    words = (
        "action unit", "measure", "reader of action-unit", "reader of events", "null",
        "synchrony method", "statistic", "planned test", "figure", "command", "key of a protocol",
    )  # fmt: skip
    assert [w for w in words if not any(w in title for title in RECIPES)] == []


def test_a_new_action_unit_is_in_tables_and_protocols(follow) -> None:
    out = follow(
        "A new action unit, and a new measure",
        """
import numpy as np
from importlib.resources import files
from mimicry.action_units import measure
from mimicry.action_units.measures import MEASURE_NAMES
from mimicry.protocol import protocol_from_text
from mimicry.protocol.template import template_text
from mimicry.records import LandmarkTrack

with np.load(files("mimicry.action_units") / "data" / "canonical_face.npz") as data:
    face = np.vstack([data["points"].astype(float), np.zeros((10, 3))])
faces = np.repeat(face[None], 60, axis=0)
faces[30:, [17, 84, 314], 1] -= 0.2
track = measure(
    LandmarkTrack(
        times_s=np.arange(60) / 30,
        points_px=faces * [1, -1, -1] * 12 + 320,
        blendshapes=np.zeros((60, 52)),
        head_pose=np.full((60, 4, 4), np.nan),
        image_size_px=(640, 640),
        luminance=np.full(60, 100.0),
        sharpness=np.full(60, 50.0),
    ),
    neutral=[(0.0, 0.9)],
)
table = track.to_frame()
print(table["AU16"].iloc[:25].abs().max() < 0.1, table["AU16"].iloc[35:].min() > 0.3)
print("1.0 = 4 %" in track.units["AU16"], "lip_lower" in MEASURE_NAMES)
text = template_text("mine").replace("targets: [AU12]", "targets: [AU16]")
print(protocol_from_text(text, path="mine.yaml").scoring_settings().scored)
""",
    )
    assert out.splitlines() == ["True True", "True True", "('AU16', 'AU04')"]


def test_a_new_reader_is_known_to_every_opener_of_tables(follow) -> None:
    out = follow(
        "A new reader of action-unit tables",
        """
from pathlib import Path
from mimicry.interchange.sources import identify
from mimicry.interchange.tables import read_au_table, read_table

rows = "".join(f"{k * 40},{k / 10},1\\n" for k in range(5))
Path("tool.csv").write_text("ms,newtool_AU12,seen\\n" + rows)
print(identify("tool.csv").name)
track = read_au_table("tool.csv")
print(track.names, track.times_s[1], track.intensity[4, 0], read_table("tool.csv").units)
""",
    )
    assert out.splitlines() == ["a NewTool table", "('AU12',) 0.04 0.4 {'AU12': 'NewTool 0..1'}"]


def test_a_new_null_is_known_to_protocols_and_is_drawn(follow) -> None:
    out = follow(
        "A new null",
        """
import numpy as np
from mimicry.protocol import protocol_from_text
from mimicry.protocol.json_schema import json_schema
from mimicry.protocol.template import template_text
from mimicry.scoring.nulls import SECONDARY_NULLS

text = template_text("mine").replace("scoring:", "scoring:\\n  secondary_nulls: [time-reversal]")
print(protocol_from_text(text, path="mine.yaml").scoring_settings().secondary_nulls)
print("time-reversal" in str(json_schema()))
draw = SECONDARY_NULLS["time-reversal"].draw
shown, answers = np.zeros((40, 3)), np.tile([1.0, 2.0, 3.0], (40, 1))
_, drawn = draw(shown, answers, 30.0, np.random.default_rng(0))
print(sorted(set(map(tuple, drawn.tolist()))))
""",
    )
    assert out.splitlines() == [
        "('time-reversal',)",
        "True",
        "[(1.0, 2.0, 3.0), (3.0, 2.0, 1.0)]",
    ]


def test_a_new_synchrony_method_is_a_preset_of_the_command(follow) -> None:
    out = follow(
        "A new synchrony method",
        """
import json, subprocess, sys
import numpy as np

x = np.random.default_rng(0).normal(size=(500, 1))
np.savetxt("two.txt", np.hstack([x, x + 1]))
def mimicry(*args):
    return subprocess.run([sys.executable, "-m", "mimicry", *args], capture_output=True, check=True)
print(b"to the same extent" in mimicry("synchrony", "--presets").stdout)
given = mimicry(
    "synchrony", "two.txt", "--rate", "25", "--preset", "concordance", "--out", "o", "--json"
)
told = json.loads(given.stdout)
print(round(told["concordance"], 3) == round(2 * x.var() / (2 * x.var() + 1), 3))
print(len(told["outputs"]))
""",
    )
    assert out.splitlines() == ["True", "True", "4"]


def test_a_new_command_has_help_json_and_sentences_for_errors(follow) -> None:
    out = follow(
        "A new command",
        """
import json, subprocess, sys
from pathlib import Path

def mimicry(*args):
    words = [sys.executable, "-m", "mimicry", *args]
    return subprocess.run(words, capture_output=True, text=True, check=False)
Path("events.tsv").write_text("onset\\ttrial_type\\tstimulus\\n1\\thappy\\ta\\n2\\thappy\\tb\\n")
print("Count the trials" in mimicry("--help").stdout)
print(mimicry("onsets", "events.tsv").stdout.strip())
print(json.loads(mimicry("onsets", "events.tsv", "--json").stdout)["trials"])
wrong = mimicry("onsets", "nowhere.tsv")
print(wrong.returncode, wrong.stderr.startswith("error: nowhere.tsv"))
""",
    )
    assert out.splitlines() == ["True", "2 trials", "2", "2 True"]
