"""Who is in the files: one person, two faces in one table, a column for each; and how fast."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import mimicry
from mimicry.cli import app
from mimicry.errors import InputError, TableError
from mimicry.records import ActionUnitTrack, ReadingOptions
from mimicry.synchrony.tracks import frame_rate


def course(times, shift=0.0):
    return sum(np.sin((times - shift) * w + w**2) for w in (0.7, 1.3, 2.1, 3.3))


def track(times, values=None, **quality):
    values = course(times) if values is None else values
    return ActionUnitTrack(
        times_s=times,
        intensity=values[:, None],
        names=("AU12",),
        pose_deg=np.zeros((len(times), 3)),
        quality={k: np.full(len(times), v) for k, v in quality.items()},
        blendshapes=np.zeros((len(times), 0)),
    )


@pytest.mark.parametrize("rate", [5, 23.976, 24, 25, 29.97, 30, 50, 59.94])
@pytest.mark.parametrize("digits", [3, 9])
def test_the_rate_is_that_of_the_recording(rate, digits):
    """Also with times in whole milliseconds, dropped frames and a late start."""
    times = np.round(1.4 + np.arange(2000) / rate, digits)
    times = np.delete(times, [5, 6, 7, 100, 900, 901])
    assert frame_rate(track(times)) == pytest.approx(rate, rel=2e-4)


def test_twenty_five_frames_a_second_are_compared_at_25_hz():
    times = np.cumsum(np.full(1500, 0.04))  # 0.04000000000000001 and the like
    found = mimicry.measure_synchrony(track(times), track(times), preset="face")
    assert found.rate_hz == 25.0
    jitter = np.arange(1500) / 24.97 + np.random.default_rng(1).uniform(-0.003, 0.003, 1500)
    assert mimicry.measure_synchrony(track(jitter), track(times), preset="face").rate_hz == 25.0
    slow = np.arange(1500) * 1001 / 24000
    assert mimicry.measure_synchrony(track(slow), track(slow), preset="face").rate_hz == 23.976
    assert found.provenance["frame_rates_hz"] == [25.0, 25.0]


def two_faces(path, faces=2):
    frames = np.repeat(np.arange(1, 1501), faces)
    times = (frames - 1) / 25
    face = np.tile(np.arange(faces), 1500)
    table = {"frame": frames, "face_id": face, "timestamp": times, "success": 1}
    pd.DataFrame({**table, "AU12_r": 3 + course(times, 0.4 * face)}).to_csv(path, index=False)
    return path


def test_two_faces_in_one_table_are_two_people(tmp_path):
    path = two_faces(tmp_path / "pair.csv")
    found = mimicry.measure_synchrony(path, preset="face")
    assert found.names == ("pair face 0", "pair face 1")
    assert np.median(found.best_lag_s) == pytest.approx(0.4, abs=0.001)
    turned = mimicry.measure_synchrony(path, preset="face", faces=("1", "0"))
    assert np.median(turned.best_lag_s) == pytest.approx(-0.4, abs=0.001)
    with pytest.raises(TableError, match="holds 2 faces"):
        mimicry.measure_synchrony(path, path, preset="face")
    same = mimicry.measure_synchrony(path, path, preset="face", reading=ReadingOptions(face="0"))
    assert np.median(same.best_lag_s) == 0


def test_a_table_of_several_faces_is_read_once(tmp_path, monkeypatch):
    from mimicry.interchange import tables

    path, times = two_faces(tmp_path / "pair.csv"), []
    read = tables.read_any_table
    monkeypatch.setattr(tables, "read_any_table", lambda *a, **k: times.append(a) or read(*a, **k))
    for faces in ((), ("1", "0")):
        mimicry.measure_synchrony(path, preset="face", faces=faces)
        assert len(times) == 1
        times.clear()


def test_more_faces_than_people_need_names(tmp_path):
    path = two_faces(tmp_path / "three.csv", faces=3)
    with pytest.raises(
        TableError, match=r"3 faces \(0, 1, 2\); 2 are compared.*`faces=\['0', '1'\]`"
    ):
        mimicry.measure_synchrony(path, preset="face")
    found = mimicry.measure_synchrony(path, preset="face", faces=("0", "2"))
    assert np.median(found.best_lag_s) == pytest.approx(0.8, abs=0.001)
    with pytest.raises(InputError, match="2 faces for 2 files"):
        mimicry.measure_synchrony(path, path, faces=("0", "2"))
    assert len(mimicry.measure_synchrony(path, preset="isc", surrogates=19).names) == 3


def test_a_column_of_times_is_no_person(tmp_path):
    times = np.arange(1500) / 25
    path = tmp_path / "pair.csv"
    pd.DataFrame({"time": times, "a": course(times), "b": course(times, 0.4)}).to_csv(
        path, index=False
    )
    found = mimicry.measure_synchrony(path, preset="face")
    assert found.names == ("a", "b")
    assert np.median(found.best_lag_s) == pytest.approx(0.4, abs=0.001)
    single = tmp_path / "one.csv"
    pd.DataFrame({"time": times, "smile": course(times)}).to_csv(single, index=False)
    assert mimicry.measure_synchrony(single, single, preset="face").lag_zero > 1
    with pytest.raises(InputError, match="a recording holds one person"):
        mimicry.measure_synchrony(single, preset="face")
    with pytest.raises(TableError, match=r"no column 'AU12'; it has a, b"):
        mimicry.measure_synchrony(path, path, preset="face")
    by_column = mimicry.measure_synchrony(path, preset="face", rate_hz=25, columns=(2, 3))
    assert np.median(by_column.best_lag_s) == pytest.approx(0.4, abs=0.001)


def test_a_result_without_any_value_is_refused_with_its_reason():
    times = np.arange(1500) / 25
    whole = track(times)
    with pytest.raises(InputError, match=r"second has no usable sample.*masked"):
        mimicry.measure_synchrony(whole, track(times, success=1.0, plausible=0.0), preset="face")
    early, late = (track(times, np.where(part, course(times), np.nan)) for part in
                   (times < 30, times >= 30))  # fmt: skip
    with pytest.raises(InputError, match=r"no moment at which all.*first 50%, second 50%"):
        mimicry.measure_synchrony(early, late, preset="face")
    with pytest.raises(InputError, match=r"none of \d+ windows has a value \(second never moves\)"):
        mimicry.measure_synchrony(whole, track(times, np.ones(1500)), preset="face")
    holes = np.where(np.arange(1500) % 50 < 10, np.nan, course(times))
    with pytest.raises(InputError, match=r"in each of \d+ windows a sample is missing"):
        mimicry.measure_synchrony(whole, track(times, holes), preset="dtw", options={"bridge_s": 0})


def test_windows_without_a_value_are_said_aloud(tmp_path):
    times = np.arange(1500) / 25
    path = tmp_path / "pair.csv"
    second = np.where(times < 20, np.nan, course(times, 0.4))
    pd.DataFrame({"time": times, "a": course(times), "b": second}).to_csv(path, index=False)
    done = CliRunner().invoke(app, ["synchrony", str(path), "--preset", "face"])
    assert done.exit_code == 0
    assert "windows have no value (b: 33% of the samples missing or masked)" in done.stderr
    assert "rate hz                      25" in done.stdout


def test_results_of_other_faces_columns_or_partners_are_not_taken_for_these(tmp_path):
    from mimicry.errors import OutputExistsError
    from mimicry.synchrony.measure import measure_synchrony
    from mimicry.synchrony.write import write_synchrony

    path = two_faces(tmp_path / "three.csv", faces=3)
    text = tmp_path / "text.txt"
    np.savetxt(text, np.random.default_rng(1).normal(size=(600, 3)))
    chance = {"null": "pseudo-pairs", "surrogates": 1, "rate_hz": 25, "columns": (1, 2)}
    choices = [
        (path, {"faces": ("0", "1")}, {"faces": ("0", "2")}),
        (text, {"rate_hz": 25, "columns": (1, 2)}, {"rate_hz": 25, "columns": (1, 3)}),
        (text, {**chance, "partners": [text]}, {**chance, "partners": [path.with_name("t2.txt")]}),
    ]
    np.savetxt(tmp_path / "t2.txt", np.random.default_rng(2).normal(size=(600, 2)))
    for k, (source, first, second) in enumerate(choices):
        out = tmp_path / f"out{k}"
        write_synchrony(measure_synchrony(source, preset="face", **first), out, "x")
        with pytest.raises(OutputExistsError):
            write_synchrony(measure_synchrony(source, preset="face", **second), out, "x")


def test_choices_about_tables_need_a_table(tmp_path):
    path = tmp_path / "pair.txt"
    np.savetxt(path, np.random.default_rng(1).normal(size=(600, 2)))
    for choice in ({"fps": 25.0}, {"min_confidence": 0.5}):
        with pytest.raises(InputError, match="for tables of action units"):
            mimicry.measure_synchrony(
                path, rate_hz=25, preset="face", reading=ReadingOptions(**choice)
            )


def test_no_other_column_stands_for_an_action_unit_that_cannot_be_used(tmp_path):
    """Frames written as "lost" must not turn the confidence into a smile."""
    times = np.arange(1500) / 25
    lost = np.arange(1500) % 5 < 3
    smile = np.where(lost, "lost", course(times).astype(str))
    path, empty, sure = tmp_path / "lost.csv", tmp_path / "empty.csv", tmp_path / "sure.csv"
    columns = {"time": times, "AU12": smile, "confidence": 0.9 + 0.01 * course(times)}
    pd.DataFrame(columns).to_csv(path, index=False)
    said = r"column 'AU12' holds 900 cells that are no numbers, the first 'lost' in line 2"
    with pytest.raises(TableError, match=said):
        mimicry.measure_synchrony(path, path, preset="face")
    for missing in (np.nan, "lost"):
        pd.DataFrame({**columns, "AU12": missing, "x": 1.0}).to_csv(empty, index=False)
        for pair in ((empty,), (empty, empty)):
            with pytest.raises(TableError, match=r"column 'AU12' holds no numbers.*confidence, x"):
                mimicry.measure_synchrony(*pair, preset="face")
    del columns["AU12"]
    pd.DataFrame({**columns, "note": "fine"}).to_csv(sure, index=False)
    choices = {"preset": "face", "null": "pseudo-pairs", "surrogates": 1, "partners": [sure]}
    found = mimicry.measure_synchrony(sure, sure, **choices)
    assert found.provenance["columns_used"] == ["confidence", "confidence"]
    with pytest.raises(TableError, match="column 'AU12' holds no numbers"):
        mimicry.measure_synchrony(sure, sure, **(choices | {"partners": [empty]}))
