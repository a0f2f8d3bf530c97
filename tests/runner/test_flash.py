"""Flashes, and the neutral face of the live view, computed by hand."""

import inspect
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import cv2
import numpy as np
import pytest

from mimicry.errors import RecordingError
from mimicry.runner import live_worker
from mimicry.runner.flash import flash_offsets, summarise_flashes
from mimicry.runner.live_worker import NEUTRAL_FRAMES, NEUTRAL_S, _Past
from mimicry.runner.measure import calibrate, offsets_by_kind, summarise_frames, timing_audit

TIMES = np.arange(60) / 50  # one frame every 20 ms


def lit(start: int, dark: float = 40.0, light: float = 100.0) -> np.ndarray:
    return np.where(np.arange(60) >= start, light, dark)


def offset(light: np.ndarray, onset: float = 0.5) -> float:
    return float(flash_offsets(TIMES, light, np.array([onset]))[0])


def test_an_offset_is_the_middle_between_the_last_dark_and_the_first_lit_frame() -> None:
    assert offset(lit(30)) == pytest.approx(0.59 - 0.5)
    assert offset(lit(24)) == pytest.approx(0.47 - 0.5)
    slow = lit(30)
    slow[30] = 70.0  # just half way is still dark
    assert offset(slow) == pytest.approx(0.61 - 0.5)
    assert offset(lit(30, 40.0, 46.0)) == pytest.approx(0.09)
    assert np.isnan(offset(lit(30, 40.0, 45.9)))
    assert np.isnan(offset(lit(55)))  # later than 0.4 s
    assert np.isnan(offset(lit(30), onset=0.01))  # nothing before


def test_a_flash_needs_two_frames_before_it_and_three_after() -> None:
    def seen(before: int, near: int) -> bool:
        times = np.r_[0.3 + np.arange(before) / 50, 0.5 + np.arange(near) / 50]
        light = np.where(times < 0.52, 40.0, 100.0)
        return bool(np.isfinite(flash_offsets(times, light, np.array([0.5]))[0]))

    assert seen(2, 3)
    assert not seen(1, 9)
    assert not seen(7, 2)


def test_measurements_in_a_browser_have_their_defaults() -> None:
    def defaults(function: Any) -> dict[str, Any]:
        return {n: p.default for n, p in inspect.signature(function).parameters.items()}

    assert defaults(timing_audit) == {"seconds": 5.0, "camera": None, "browser": None}
    assert defaults(calibrate) == {
        "flashes": 100, "camera": None, "browser": None, "seed": 0, "keep": True, "kiosk": True,
        "show": None,
    }  # fmt: skip


def test_a_flash_far_from_the_others_is_left_out() -> None:
    offsets = np.array([0.05, 0.05, 0.05, 0.05, 0.074, 0.076, np.nan])
    made = summarise_flashes(offsets, minimum=5)
    used = offsets[:5]
    assert made == {
        "offset_s": pytest.approx(used.mean()), "sd_s": pytest.approx(used.std(ddof=1)),
        "standard_error_s": pytest.approx(used.std(ddof=1) / np.sqrt(5)), "flashes": 7, "seen": 6,
        "used": 5,
    }  # fmt: skip
    with pytest.raises(RecordingError, match="saw 6 of 7 flashes, expected at least 6"):
        summarise_flashes(offsets, minimum=6)
    with pytest.raises(RecordingError, match="expected at least 20"):
        summarise_flashes(np.zeros(19))
    assert summarise_flashes(np.zeros(20))["used"] == 20


def test_only_onsets_that_are_known_count_and_each_kind_for_itself() -> None:
    times = np.arange(2000) / 50
    light = np.full(2000, 40.0)
    flashes: list[dict[str, Any]] = []
    for k in range(20):
        onset = 1.0 + 1.5 * k
        kind = ("video", "image")[k % 2]
        delay = 0.05 if kind == "video" else 0.15
        light[(times > onset + delay) & (times < onset + delay + 0.3)] = 150.0
        flashes.append({"kind": kind, "source": "rvfc", "spread_ms": 7.9, "onset_ms": onset * 1000})
    flashes[0]["spread_ms"] = None
    for k, change in [(2, {"spread_ms": 8.0}), (4, {"source": "raf"})]:
        flashes[k] |= change
    measured: dict[str, Any] = {
        "frames": [[t * 1e6 - 7000, b] for t, b in zip(times, light, strict=True)],
        "clock": {"constant_ms": 7.0},
        "flashes": flashes,
    }
    made = offsets_by_kind(measured)
    assert list(made) == ["video", "image"]
    assert (made["video"]["flashes"], made["image"]["flashes"]) == (8, 10)
    assert made["video"]["offset_s"] == pytest.approx(0.05, abs=0.011)
    assert made["image"]["offset_s"] == pytest.approx(0.15, abs=0.011)
    for lost in ({"frames": []}, {"clock": {"constant_ms": None}}):
        with pytest.raises(RecordingError, match="gave no frames"):
            offsets_by_kind({**measured, **lost})


def test_the_figures_of_an_audit() -> None:
    stamps = np.array([0, 40, 80, 160, 200, 241]) * 1000
    frames = [[int(s), 0, s / 1000 + 30.0 + 5.0] for s in stamps]
    setup = {"camera": {"label": "cam", "settings": {"width": 1}}}
    measured = {
        "frames": frames, "clock": {"constant_ms": 30.0, "source": "capture_time"},
        "refresh": {"hz": 60.0, "late": 2}, "setup": setup,
    }  # fmt: skip
    made = summarise_frames(measured)
    steps = np.array([40, 40, 80, 40, 41]) / 1000
    assert made == {
        "frames": 6, "fps": pytest.approx(25.0), "interval_median_s": pytest.approx(0.04),
        "interval_sd_s": pytest.approx(steps.std(ddof=1)), "interval_max_s": pytest.approx(0.08),
        "dropped": 1, "drift_ppm": pytest.approx(0.0, abs=1e-6),
        "delivery_median_s": pytest.approx(0.005), "clock_source": "capture_time",
        "refresh_hz": 60.0, "late_refreshes": 2, "camera": "cam", "settings": {"width": 1},
    }  # fmt: skip
    assert summarise_frames({**measured, "frames": frames[:5]})["frames"] == 5
    with pytest.raises(RecordingError, match="gave 4 frames"):
        summarise_frames({**measured, "frames": frames[:4]})


def test_the_live_view_shows_pictures_in_their_colours_and_how_many_come(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class NoFace:
        """A detector that sees nobody."""

        def __init__(self, _model: Path) -> None:
            self.faces = SimpleNamespace(points=())

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            """Close nothing."""

        def detect(self, _rgb: np.ndarray) -> SimpleNamespace:
            """Find no face."""
            return self.faces

    picture = np.zeros((16, 16, 3), np.uint8)
    picture[..., 0], picture[..., 2] = 200, 40  # more red than blue
    now, sent = iter(np.arange(99) / 20), []
    monkeypatch.setattr("mimicry.landmarks.detector.FaceDetector", NoFace)
    monkeypatch.setattr(live_worker, "_file", lambda _: ((k / 20, picture) for k in range(7)))
    monkeypatch.setattr(live_worker, "time", SimpleNamespace(monotonic=lambda: next(now)))
    monkeypatch.setattr(live_worker, "write_message", lambda _, *parts: sent.append(parts))
    live_worker._run("film.mp4", tmp_path, io.BytesIO())
    *shown, (ended,) = sent
    assert ended == {"ended": True}
    assert [head for head, _ in shown] == [
        {"time_s": k / 20, "faces": 0} | ({"fps": 20.0} if k >= 5 else {}) for k in range(7)
    ]
    seen = cv2.imdecode(shown[0][1]["jpeg"], cv2.IMREAD_COLOR)
    np.testing.assert_allclose(seen.mean(axis=(0, 1)), [40, 0, 200], atol=6)  # blue comes first


def test_the_live_view_takes_the_first_faces_as_neutral_and_the_largest_of_two() -> None:
    past = _Past()
    assert past.progress() == 0.0
    points = np.zeros((2, 478, 3), np.float32)
    points[0, :, 0], points[1, :, 0] = np.linspace(0, 0.2, 478), np.linspace(0.5, 1.0, 478)
    faces = SimpleNamespace(
        points=points, blendshapes=np.zeros((2, 52)), head_pose=np.zeros((2, 4, 4))
    )
    rgb = np.full((30, 40, 3), 7, np.uint8)
    step = NEUTRAL_S / NEUTRAL_FRAMES[0]
    for k in range(3):
        past.add(k * step, rgb, faces)
        past.add(k * step, rgb, faces)  # the same moment is no new frame
    assert len(past.neutral) == 3
    assert past.size_px == (40, 30)
    assert past.neutral[0]["luminance"] == 7.0
    np.testing.assert_allclose(past.neutral[0]["points_px"][[0, -1], 0], [20.0, 40.0])
    assert past.progress() == pytest.approx(2 / NEUTRAL_FRAMES[0])
    said = past.describe()
    assert said["neutral"] == round(past.progress(), 2)
    assert len(said["points"]) == 160
    assert (said["points"][0], said["points"][-1]) == ([20, 0], [40, 0])
