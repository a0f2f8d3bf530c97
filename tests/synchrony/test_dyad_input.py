"""Recordings with times: action-unit tables and tracks of two people."""

import numpy as np
import pytest

import mimicry
from mimicry.errors import AlignmentError, InputError, TableError
from mimicry.interchange.au_table import write_au_table
from mimicry.records import ActionUnitTrack


def smile(times_s):
    """A smooth course that never repeats."""
    return sum(np.sin(times_s * w + w**2) for w in (0.7, 1.3, 2.1, 3.3))


def track(times_s, values, **quality):
    n = len(times_s)
    columns = {
        "success": 1.0, "scale_px": 90.0, "luminance": 100.0, "sharpness": 50.0,
        "blink": 0.0, "pose_ok": 1.0, "fit_residual": 0.01, "plausible": 1.0,
    }  # fmt: skip
    return ActionUnitTrack(
        times_s=times_s,
        intensity=np.column_stack([values, -values]),
        names=("AU12", "AU04"),
        pose_deg=np.zeros((n, 3)),
        quality={k: np.asarray(quality.get(k, np.full(n, v))) for k, v in columns.items()},
        blendshapes=np.zeros((n, 0)),
    )


@pytest.fixture
def pair():
    """A model at 30 fps and an observer with irregular frames on a later start, 0.4 s behind."""
    rng = np.random.default_rng(3)
    times = np.arange(0, 60, 1 / 30)
    late = 2.0 + np.sort(rng.uniform(0, 57, 2100))
    late = late[np.r_[True, np.diff(late) > 1e-4]]
    return track(times, smile(times)), track(late, smile(late - 0.4))


def test_true_times_give_the_lag_whatever_the_frames(pair):
    found = mimicry.measure_synchrony(*pair, preset="face")
    assert np.median(found.best_lag_s) == pytest.approx(0.4, abs=0.001)
    assert found.rate_hz == 25.0
    assert found.provenance["shared_start_s"] >= 2.0


def test_the_offset_is_added_to_the_times_of_the_second(pair):
    model, observer = pair
    ahead = track(observer.times_s + 5.0, observer.of("AU12"))
    found = mimicry.measure_synchrony(model, ahead, preset="face", offset_s=-5.0)
    assert np.median(found.best_lag_s) == pytest.approx(0.4, abs=0.001)


def test_masked_frames_are_missing(pair):
    model, observer = pair
    blink = (model.times_s > 20) & (model.times_s < 40)
    noisy = track(model.times_s, model.of("AU12") + 100 * blink, blink=blink.astype(float))
    found = mimicry.measure_synchrony(noisy, observer, preset="face")
    assert np.median(found.best_lag_s[np.isfinite(found.best_lag_s)]) == pytest.approx(0.4)
    assert found.summary["n_windows_missing"] > 5


def test_tables_give_the_numbers_of_their_tracks(pair, tmp_path):
    paths = [
        write_au_table(tmp_path, stem, one, format="parquet")["au"]
        for stem, one in zip(("a", "b"), pair, strict=True)
    ]
    from_files = mimicry.measure_synchrony(*paths, preset="face", action_unit="AU04")
    assert np.median(from_files.best_lag_s) == pytest.approx(0.4, abs=0.001)
    assert from_files.names == ("a_au", "b_au")


def test_what_cannot_be_compared_is_said(pair, tmp_path):
    model, observer = pair
    with pytest.raises(AlignmentError, match="nothing in common"):
        mimicry.measure_synchrony(model, track(observer.times_s + 100, observer.of("AU12")))
    with pytest.raises(TableError, match="the recording has AU12, AU04"):
        mimicry.measure_synchrony(model, observer, action_unit="AU06")
    with pytest.raises(InputError, match="two are needed"):
        mimicry.measure_synchrony(model)
    with pytest.raises(InputError, match="other has none"):
        mimicry.measure_synchrony(model, np.zeros(100), rate_hz=25)


def test_blinks_do_not_refuse_every_long_window(pair):
    """Windows of 8 and 20 s always hold a blink; gaps as short as one are bridged."""
    model, observer = pair
    blink = (np.arange(len(model.times_s)) % 90 < 6).astype(float)
    blinking = track(model.times_s, model.of("AU12"), blink=blink)
    found = mimicry.measure_synchrony(blinking, observer, preset="dtw")
    assert found.summary["n_windows_missing"] == 0
    assert found.summary["mean_distance"] < 0.3
    assert found.summary["min_sd"] == [0.03, 0.03]
    with pytest.raises(InputError, match="complete windows"):
        mimicry.measure_synchrony(blinking, observer, preset="coherence", options={"bridge_s": 0})
    whole = mimicry.measure_synchrony(blinking, observer, preset="coherence").summary
    assert whole["n_windows"] >= 3
    assert whole["peak_coherence"] > 0.95


def test_the_kind_and_number_of_recordings_must_fit_the_method(pair):
    with pytest.raises(InputError, match="three or more are needed"):
        mimicry.measure_synchrony(*pair, preset="isc")
    with pytest.raises(InputError, match="expected one"):
        mimicry.measure_synchrony(*pair, preset="fir")
    with pytest.raises(InputError, match="for two recordings"):
        mimicry.measure_synchrony(*pair, pair[0], preset="isc", offset_s=1.0)
    with pytest.raises(InputError, match="3 files; preset 'rmea' takes one or two"):
        mimicry.measure_synchrony(*pair, pair[0], preset="rmea")
