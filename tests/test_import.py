"""Importing the package is quiet and quick."""

import subprocess
import sys

import pytest

import mimicry

HEAVY = ("mediapipe", "cv2", "av", "pandas", "matplotlib", "scipy.signal", "pyarrow", "pydantic")
CORE = ("records", "kernels", "action_units", "timeline", "scoring")


def _loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_no_heavy_library() -> None:
    assert not _loaded_after("import mimicry") & set(HEAVY)


@pytest.mark.parametrize("layer", CORE)
def test_the_core_needs_neither_detector_nor_table_library(layer: str) -> None:
    assert not _loaded_after(f"import mimicry.{layer}") & set(HEAVY)


def test_every_public_name_resolves() -> None:
    for name in mimicry.__all__:
        assert getattr(mimicry, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = mimicry.nonsense


def test_a_track_is_scored_in_one_call() -> None:
    import numpy as np

    from mimicry.records import ActionUnitTrack, EmotionMap, ScoringSettings, TrialTable
    from mimicry.timeline import read_manifest

    times = np.arange(0, 40, 1 / 30)
    timelines = read_manifest()
    onsets = np.arange(2.0, 34.0, 4.0)
    smile = sum(np.clip((times - o - 0.9) / 0.75, 0, 1) * (times < o + 3) for o in onsets)
    quality = dict.fromkeys(("success", "pose_ok", "plausible"), np.ones(len(times)))
    track = ActionUnitTrack(
        times, np.column_stack([0.3 * smile, 0 * smile]), ("AU12", "AU04"),
        np.zeros((len(times), 3)), quality, np.zeros((len(times), 0)),
    )  # fmt: skip
    n = len(onsets)
    trials = TrialTable(
        tuple(map(str, range(n))), ("happy-m01-dynamic",) * n, ("happy",) * n, onsets,
        np.full(n, 2.5),
    )  # fmt: skip
    settings = ScoringSettings({"happy": EmotionMap(("AU12",), ("AU04",), "positive")})
    scores = mimicry.score(track, trials, timelines, settings)
    late = scores.deltas("late")[:, scores.names.index("AU12")]
    assert scores.valid.all()
    assert np.allclose(late, 0.3, atol=0.02)
