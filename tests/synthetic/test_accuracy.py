"""From rendered video to action units: a short check by default, every threshold when slow."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mimicry.action_units import measure
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.landmarks import extract_landmarks
from mimicry.records import ActionUnitTrack
from mimicry.synthetic import Faults, envelope, identities, performance, render_video

ROOT = Path(__file__).resolve().parents[2]
REST, LENGTH, FPS = 10, 26, 30.0
DOSES = np.array([0.1, 0.25, 0.5, 0.75, 1.0])
RISES = {0.1: REST + len(DOSES), 0.5: REST + len(DOSES) + LENGTH}  # size -> first frame


@pytest.fixture(scope="module")
def smiles(tmp_path_factory: pytest.TempPathFactory) -> ActionUnitTrack:
    """Rest, single frames at known doses, and two rises, of a person nothing was tuned on."""
    t = np.arange(REST + len(DOSES) + 2 * LENGTH) / FPS
    smile = np.zeros_like(t)
    smile[REST : REST + len(DOSES)] = DOSES
    for size, first in RISES.items():
        span = slice(first, first + LENGTH)
        smile[span] = size * envelope(t[span], t[first] + 0.2, t[first] + 0.6)
    clip = render_video(
        tmp_path_factory.mktemp("accuracy") / "smiles.mp4",
        identities(2026, 3)[2],
        performance(t, {"AU12": smile}),
        faults=Faults(noise=1.0),
        crf=14,
    )
    track = extract_landmarks(clip.video)
    return measure(track, neutral=[(0.0, REST / FPS)], exclude_from_pose_fit=[(REST / FPS, 9.0)])


def test_every_rendered_frame_is_tracked(smiles: ActionUnitTrack) -> None:
    assert smiles.tracked.all()


def test_a_smile_is_measured_in_proportion(smiles: ActionUnitTrack) -> None:
    x = np.r_[0.0, DOSES]
    y = np.r_[np.median(smiles.of("AU12")[:REST]), smiles.of("AU12")[REST : REST + len(DOSES)]]
    assert np.corrcoef(x, y)[0, 1] ** 2 >= 0.98
    assert 0.6 < np.polyfit(x, y, 1)[0] < 1.4


def test_a_small_smile_is_as_early_as_a_large_one(smiles: ActionUnitTrack) -> None:
    errors = {}
    for size, first in RISES.items():
        span = slice(first, first + LENGTH)
        t = smiles.times_s[span]
        value = gaussian_smooth(t, smiles.of("AU12")[span], 0.05)
        low, high = value[:5].mean(), value[-6:].mean()
        half = np.interp(0.5, (value[:-5] - low) / (high - low), t[:-5])
        errors[size] = half - (t[0] + 0.4)
    assert abs(errors[0.5]) < 0.033
    assert abs(errors[0.1] - errors[0.5]) < 0.066  # two frames: a single trial at .1 is noisy


def test_a_smile_is_not_a_frown(smiles: ActionUnitTrack) -> None:
    first = RISES[0.5]
    frown = smiles.of("AU04")[first : first + LENGTH]
    assert abs(np.mean(frown[-6:]) - np.mean(frown[:5])) < 0.15


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_accuracy_benchmark_holds_every_threshold() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.accuracy", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
