"""The Python examples of the pages run."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from doc_pages import PAGES, name, python_blocks

import mimicry
from mimicry.action_units.definitions import NAMES
from mimicry.protocol import load_protocol
from mimicry.records import ActionUnitTrack

EXAMPLES = [(page, block) for page in PAGES for block in python_blocks(page)]
RECIPE = "# src/"  # followed by tests/test_recipes.py
RENDERS = "render_video("
SEEN = dict.fromkeys(("success", "scale_px", "luminance", "sharpness", "pose_ok", "plausible"), 1.0)
QUALITY = {**SEEN, "blink": 0.0, "fit_residual": 0.0}


def noise(duration_s: float, rate_hz: float = 30.0) -> ActionUnitTrack:
    """Return a face that moves at random."""
    rng = np.random.default_rng(1)
    n = round(duration_s * rate_hz)
    return ActionUnitTrack(
        times_s=np.arange(n) / rate_hz,
        intensity=rng.normal(0, 0.05, (n, len(NAMES))),
        names=NAMES,
        units=dict.fromkeys(NAMES, "made up"),
        pose_deg=np.zeros((n, 3)),
        blendshapes=np.empty((n, 0)),
        quality={name: np.full(n, value) for name, value in QUALITY.items()},
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_study) -> dict[str, object]:
    """Give a folder with the files that the examples name, and the names that they know."""
    monkeypatch.chdir(tmp_path)
    make_study()
    clips = [f"{c}-{k}-dynamic" for k in ("m01", "f01") for c in ("happy", "angry", "neutral")]
    lines = [f"{3 + 5 * k}\t{clip.split('-')[0]}\t{clip}" for k, clip in enumerate(clips * 8)]
    events = tmp_path / "events.tsv"
    events.write_text("onset\ttrial_type\tstimulus\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "sub-01_events.tsv").write_bytes(events.read_bytes())
    log = pd.DataFrame({"unix_s": [1.7e9], "condition": ["happy"], "clip": [clips[0]]})
    log.to_csv("my_log.csv", index=False)
    walk = np.cumsum(np.random.default_rng(1).normal(size=(4000, 2)), axis=0)
    np.savetxt("200_01.txt", np.abs(np.diff(walk, axis=0)))
    for k in range(5):
        np.savetxt(f"pair{k}.txt", np.abs(np.diff(walk, axis=0)) + k)
    Path("dyads.tsv").write_text("dyad\tfirst\n" + "".join(f"{k}\tpair{k}.txt\n" for k in range(5)))
    track = noise(duration_s=240.0)
    monkeypatch.setattr(mimicry, "extract", lambda path: track, raising=False)
    settings = load_protocol("dynamic-happy-angry").scoring_settings()
    return {"track": track, "settings": settings}


@pytest.mark.parametrize(
    ("page", "block"),
    [
        pytest.param(p, b, id=name(p), marks=[pytest.mark.slow] if RENDERS in b else [])
        for p, b in EXAMPLES
        if not b.startswith(RECIPE)
    ],
)
def test_an_example_of_a_page_runs(page: Path, block: str, here: dict[str, object]) -> None:
    exec(compile(block, name(page), "exec"), here)


def test_there_are_examples() -> None:
    assert len([b for _, b in EXAMPLES if not b.startswith(RECIPE)]) >= 6
