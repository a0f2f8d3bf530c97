"""The report of one recording."""

import numpy as np
import pandas as pd
import pytest

from mimicry.records import ActionUnitTrack, EmotionMap, ScoringSettings
from mimicry.report.recording import RecordingView, render_recording

K, RATE = 6, 30


def _track(n: int = 300) -> ActionUnitTrack:
    ones = np.ones(n)
    keys = ("success", "scale_px", "luminance", "sharpness", "blink", "pose_ok", "fit_residual",
            "plausible")  # fmt: skip
    quality = dict.fromkeys(keys, ones) | {"success": np.r_[np.zeros(30), np.ones(n - 30)]}
    return ActionUnitTrack(
        np.arange(n) / RATE, np.zeros((n, 2)), ("AU04", "AU12"), np.zeros((n, 3)), quality,
        np.zeros((n, 0)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def view() -> RecordingView:
    grid = np.arange(-15, 76) / RATE
    rng = np.random.default_rng(1)
    settings = ScoringSettings(
        {
            "happy": EmotionMap(("AU12",), ("AU04",), "positive"),
            "angry": EmotionMap(("AU04",), ("AU12",), "negative"),
        }
    )
    scores = pd.DataFrame(
        {
            "trial_id": [str(k) for k in range(K)],
            "condition": ["happy", "angry", "neutral"] * 2,
            "valid": [True] * 5 + [False],
            "reason": [""] * 5 + ["artefact;baseline"],
            "mimicry_index": np.linspace(-1, 1, K),
        }
    )
    summary = pd.DataFrame(
        {"condition": ["happy"], "n": [2], "contrast": [1.25], "p": [0.01], "contrast_raw": [0.1]}
    )
    return RecordingView(
        title="<b>rec</b>",
        participant="01",
        protocol="demo",
        version="0",
        track=_track(),
        settings=settings,
        scores=scores,
        summary=summary,
        grid_s=grid,
        response=rng.normal(0, 0.1, (K, len(grid), 2)),
        stimulus=np.zeros((K, len(grid), 2)),
        names=("AU04", "AU12"),
        onsets_s=np.arange(K) * 1.0,
        phase=["watch"] * 3 + ["imitate"] * 3,
        lags_s=np.arange(10) / RATE,
        profile=rng.normal(0, 0.2, (K, 10)),
    )


@pytest.fixture(scope="module")
def page(view: RecordingView) -> str:
    return render_recording(view)


def test_the_same_view_gives_the_same_bytes(view: RecordingView, page: str) -> None:
    assert render_recording(view) == page


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert " src=" not in page


def test_names_from_files_cannot_inject_markup(page: str) -> None:
    assert "<b>rec</b>" not in page
    assert "&lt;b&gt;rec&lt;/b&gt;" in page


def test_exclusions_are_counted_by_condition_with_each_reason(page: str) -> None:
    assert "1 of 6 trials were left out" in page
    assert "artefact (1), baseline (1)" in page
    assert page.index("What was left out") < page.index("Result by condition")


def test_the_contrast_stands_on_a_card(page: str) -> None:
    assert "+1.25" in page


def test_phases_are_drawn_apart(page: str) -> None:
    assert page.count("AU12: mean response of each condition") == 2
    assert page.count("<h3>imitate</h3>") == 2
