"""Two tables of one face: times, masks and reasons."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.analyses.agreement import validate
from mimicry.cli import app
from mimicry.errors import InputError, QualityWarning, TableError


def course(n, step=0.04, start=0.0):
    times = start + step * np.arange(n)
    return times, np.sin(times * 3) + np.sin(times * 1.7)


@pytest.fixture
def reference(tmp_path):
    times, values = course(300)
    path = tmp_path / "emg.csv"
    pd.DataFrame({"time": times, "AU12": values, "note": ["x"] * 300}).to_csv(path, index=False)
    return path


def feat(path, frames, values, **columns):
    n = len(frames)
    table = {"frame": frames, "AU12": values, **dict.fromkeys(("Pitch", "Roll", "Yaw"), [0.0] * n)}
    pd.DataFrame({**table, **columns}).to_csv(path, index=False)
    return path


def test_frame_numbers_are_no_times(tmp_path, reference):
    _, values = course(300)
    counted = tmp_path / "counted.csv"
    pd.DataFrame({"frame": np.arange(300), "AU12": values}).to_csv(counted, index=False)
    with pytest.raises(TableError, match=r"counts frames.*`fps`"):
        validate(reference, counted, time_column="frame")
    found = validate(reference, counted, time_column="frame", reading=reading(fps=25))
    assert found.rows[0].r > 0.999


def reading(**options):
    from mimicry.records import ReadingOptions

    return ReadingOptions(**options)


def test_a_table_whose_first_frames_are_missing_keeps_its_time(tmp_path, reference):
    _, values = course(300)
    path = feat(tmp_path / "f.csv", np.arange(40, 300), values[40:])
    found = validate(path, reference, reading=reading(fps=25))
    assert found.rows[0].lag_s == pytest.approx(0.0, abs=0.001)
    assert found.rows[0].r > 0.999


def test_every_24th_frame_of_24_a_second_is_not_taken_for_frame_numbers(tmp_path, reference):
    path = feat(tmp_path / "f.csv", np.arange(0, 24 * 6, 24), np.sin(np.arange(6.0)))
    with (
        pytest.warns(QualityWarning, match="rows lie 1 s apart") as said,
        pytest.raises(InputError, match=r"share only \d samples"),
    ):
        validate(path, reference, reading=reading(fps=24))
    assert len(said) == 1


def test_times_in_another_unit_give_no_empty_result(tmp_path, reference):
    times, values = course(300)
    path = tmp_path / "odd.csv"
    pd.DataFrame({"time": times * 1000, "AU12": values}).to_csv(path, index=False)
    with (
        pytest.warns(QualityWarning, match="looks like milliseconds"),
        pytest.raises(InputError, match=r"share only \d+ samples.*seconds on one clock"),
    ):
        validate(reference, path)
    pd.DataFrame({"time": np.arange(300), "AU12": values}).to_csv(path, index=False)
    with (
        pytest.warns(QualityWarning, match="as frame numbers do"),
        pytest.warns(QualityWarning, match="rows lie 1 s apart"),
    ):
        validate(reference, path)
    pd.DataFrame({"time_ms": times * 1000, "AU12": values}).to_csv(path, index=False)
    assert validate(reference, path).rows[0].r > 0.999


def test_a_minus_sign_of_a_word_processor_costs_no_sample(tmp_path, reference):
    text = reference.read_text(encoding="utf-8").replace("-", "\N{MINUS SIGN}")
    minus = tmp_path / "minus.csv"
    minus.write_text(text, encoding="utf-8")
    assert validate(reference, minus).rows[0].n == validate(reference, reference).rows[0].n


def test_text_in_a_number_column_is_counted_and_named(tmp_path, reference):
    lines = reference.read_text(encoding="utf-8").splitlines()
    lines[5] = lines[5].replace(lines[5].split(",")[1], "1_0.5")
    lines[9] = lines[9].replace(lines[9].split(",")[1], "high")
    path = tmp_path / "text.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(TableError, match=r"AU12.*2 cells.*'1_0.5' in line 6"):
        validate(reference, path)


def test_a_pair_without_a_result_has_a_reason(tmp_path, reference):
    times, values = course(300)
    path = tmp_path / "two.csv"
    pd.DataFrame({"time": times, "AU12": values, "flat": 1.0}).to_csv(path, index=False)
    with pytest.warns(QualityWarning, match="flat have no result: one does not vary"):
        found = validate(path, path, pairs=["AU12", "flat"])
    assert found.rows[0].n == found.rows[1].n
    with pytest.raises(InputError, match="does not vary in any pair"):
        validate(path, path, pairs=["flat"])


def test_rows_without_a_time_are_counted_aloud(tmp_path, reference):
    times, values = course(300)
    times[[3, 4]] = np.nan
    path = tmp_path / "holes.csv"
    pd.DataFrame({"time": times, "AU12": values}).to_csv(path, index=False)
    with pytest.warns(QualityWarning, match="2 of 300 rows have no time.*line 5"):
        validate(path, reference)


def test_unsure_frames_are_not_compared(tmp_path, reference):
    _, values = course(300)
    score = np.where(np.arange(300) % 4 == 0, 0.75, 0.99)
    values = np.where(score < 0.8, 9.0, values)
    path = feat(tmp_path / "f.csv", np.arange(300), values, FaceScore=score)
    with pytest.warns(QualityWarning, match=r"75 of 300 .*25%.* FaceScore below 0.8.*masked"):
        found = validate(path, reference, reading=reading(fps=25))
    assert found.rows[0].r > 0.99
    assert validate(path, reference, reading=reading(fps=25, min_confidence=0.5)).rows[0].r < 0.9


def test_a_frame_rate_that_nothing_needs_is_refused(reference):
    done = CliRunner().invoke(
        app, ["validate", str(reference), "--reference", str(reference), "--fps", "25"]
    )
    assert done.exit_code == 2
    assert "means nothing" in done.stderr
