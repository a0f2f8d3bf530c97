"""Calibration and audit: what is made of the measured frames and flashes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lab import camera_flags, small_plan
from served import served

from mimicry.errors import RecordingError
from mimicry.files import read_json_object
from mimicry.runner import calibration
from mimicry.runner.audit import check_timing
from mimicry.runner.calibration import fitting, keep_with_session, store
from mimicry.runner.flash import flash_offsets
from mimicry.runner.flash import summarise_flashes as summarise
from mimicry.runner.measure import summarise_frames

SETUP: dict[str, Any] = {
    "camera": {"label": "cam", "settings": {"width": 640, "height": 480, "frameRate": 30.0}},
    "screen": [1920, 1080],
    "refresh_hz": 59.94,
    "ua": "Mozilla/5.0 Chrome/156.0.0.0 Safari/537.36",
}


def seen(delay_s: float, *, n: int = 100, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Return camera times, brightness and reported onsets of flashes seen `delay_s` later."""
    rng = np.random.default_rng(seed)
    times = np.arange(0, n * 1.2 + 2, 1 / 30) + 0.003
    onsets = 1 + np.arange(n) * 1.2 + rng.uniform(0, 0.3, n)
    light = np.full(len(times), 40.0)
    for onset in onsets:
        light[(times >= onset + delay_s) & (times < onset + delay_s + 0.3)] = 160
    return times, light + rng.normal(0, 1, len(times)), onsets


@pytest.mark.parametrize("delay_s", [0.0, 0.06, 0.117])
def test_the_delay_of_flashes_is_recovered(delay_s: float) -> None:
    found = summarise(flash_offsets(*seen(delay_s)))
    assert found["offset_s"] == pytest.approx(delay_s, abs=0.003)
    assert found["standard_error_s"] < 0.0015
    assert found["used"] == 100


def test_flashes_that_were_not_seen_are_not_guessed() -> None:
    times, light, onsets = seen(0.05)
    dim = np.full_like(light, 40.0)
    assert np.isnan(flash_offsets(times, dim, onsets)).all()
    with pytest.raises(RecordingError, match="0 of 100 flashes"):
        summarise(flash_offsets(times, dim, onsets))


def test_a_single_wild_flash_does_not_move_the_mean() -> None:
    offsets = flash_offsets(*seen(0.05))
    offsets[3] = 0.39
    found = summarise(offsets)
    assert (found["seen"], found["used"]) == (100, 99)
    assert found["offset_s"] == pytest.approx(0.05, abs=0.003)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(calibration, "store_path", lambda: tmp_path / "c" / "calibrations.json")
    return store(SETUP, {"video": {"offset_s": 0.05}, "image": {"offset_s": 0.04}})


@pytest.mark.parametrize(
    "change",
    [
        {"screen": [1280, 800]},
        {"refresh_hz": 144.0},
        {"ua": "Mozilla/5.0 Chrome/157.0.0.0"},
        {"camera": {"label": "other", "settings": SETUP["camera"]["settings"]}},
        {"camera": {"label": "cam", "settings": {**SETUP["camera"]["settings"], "width": 1280}}},
    ],
)
def test_a_calibration_holds_for_its_set_up_only(kept: dict[str, Any], change: dict) -> None:
    assert fitting([kept], SETUP)["video"]["offset_s"] == 0.05
    assert fitting([kept], {**SETUP, **change}) == {}


def test_a_new_calibration_replaces_the_old_one_of_the_set_up(
    kept: dict[str, Any], tmp_path: Path
) -> None:
    store(SETUP, {"video": {"offset_s": 0.07}, "image": {"offset_s": 0.06}})
    keep_with_session(tmp_path)
    known = read_json_object(tmp_path / "calibration.json")["calibrations"]
    assert [c["video"]["offset_s"] for c in known] == [0.07]


def test_onsets_are_moved_by_the_calibration_of_their_set_up(
    kept: dict[str, Any], tmp_path: Path
) -> None:
    """The same recorded streams, once with the fitting calibration and once without."""
    import json

    from mimicry.runner.convert import convert_session

    with served(tmp_path, small_plan(tmp_path, trials=1)) as (client, journal):
        client.claim()
        start = {"type": "segment_start", "t": 1.0, "screen": SETUP["screen"], "ua": SETUP["ua"]}
        client.event(**start, clock={"page_ms": 0, "server_ns": "0", "rtt_ms": 1}, timeOrigin=0)
        client.event(type="camera", t=2.0, **SETUP["camera"])
        client.event(type="refresh", t=3.0, hz=SETUP["refresh_hz"])
        client.event(type="step_start", t=100.0, step="t1")
        shown = {"onset_ms": 500.0, "end": 1500.0, "onset_source": "rvfc", "onset_spread_ms": 0.1}
        more = {"step": "t1", "kind": "stimulus", "period_ms": 16.7, "dropped": 0, "shown": 30}
        client.event(type="stimulus", t=500.0, **shown, **more)
        client.event(type="step_end", t=1600.0, step="t1", status="done", flags=[])
        client.post("/api/v1/finish")
    rows = {}
    for name, known in (("with", [kept]), ("without", [])):
        place = journal.folder / "calibration.json"
        place.write_text(json.dumps({"version": 1, "calibrations": known}))
        files = convert_session(journal.folder, tmp_path / name)
        head, row = (x.split("\t") for x in files["events"].read_text().splitlines())
        rows[name] = dict(zip(head, row, strict=True))
    assert rows["with"]["calibrated"] == "true"
    assert rows["without"]["calibrated"] == "false"
    assert float(rows["with"]["onset"]) - float(rows["without"]["onset"]) == pytest.approx(0.05)
    assert rows["with"]["onset_reported"] == rows["without"]["onset_reported"]


def test_the_audit_counts_lost_frames_and_drift() -> None:
    times = np.delete(np.arange(100) / 30, [40, 41])
    arrival = times * (1 + 50e-6) + 0.102
    found = {
        "frames": [[t * 1e6, 0.0, a * 1e3] for t, a in zip(times, arrival, strict=True)],
        "clock": {"constant_ms": 100.0, "source": "capture_time"},
        "refresh": {"hz": 60.0, "late": 0},
        "setup": SETUP,
    }
    audit = summarise_frames(found)
    assert audit["dropped"] == 2
    assert audit["fps"] == pytest.approx(30)
    assert audit["interval_max_s"] == pytest.approx(0.1)
    assert audit["drift_ppm"] == pytest.approx(50, abs=1)
    assert audit["delivery_median_s"] == pytest.approx(0.002, abs=2e-4)


@pytest.mark.slow
@pytest.mark.serial
def test_the_doctor_looks_at_the_timing_in_a_real_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ["--no-sandbox", "--headless=new", *camera_flags(None)]
    monkeypatch.setenv("MIMICRY_BROWSER_FLAGS", " ".join(flags))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    check = check_timing("chromium", seconds=3)
    assert check.details["frames"] > 20
    assert check.details["clock_source"] == "capture_time"
    assert "frames at" in check.text


@pytest.mark.slow
def test_a_missing_browser_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    check = check_timing("no-such-browser")
    assert check.status == "warning"
    assert "no-such-browser" in check.text
