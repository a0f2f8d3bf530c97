"""Events tables: what is read, and one clear sentence for what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from mimicry.errors import EventsError
from mimicry.timeline import read_events

GOOD = (
    "onset\tduration\ttrial_type\tstimulus\tblock\tphase\n"
    "1.5\t2.0\thappy\th1\twatch\tstimulus\n"
    "1.0\tn/a\thappy\th1\twatch\tfixation\n"
    "9.25\tn/a\tneutral\tn1\tn/a\tstimulus\n"
)


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x_events.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_rows_of_the_stimulus_phase_are_trials(tmp_path: Path) -> None:
    trials = read_events(table(tmp_path, GOOD))
    assert trials.condition == ("happy", "neutral")
    assert trials.onset_s.tolist() == [1.5, 9.25]


def test_a_trial_without_id_is_called_by_the_number_of_its_row(tmp_path: Path) -> None:
    assert read_events(table(tmp_path, GOOD)).trial_id == ("1", "3")


def test_missing_cells_stay_missing(tmp_path: Path) -> None:
    trials = read_events(table(tmp_path, GOOD))
    assert np.isnan(trials.duration_s[1])
    assert trials.columns["block"] == ("watch", "")


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "x_events.tsv"
    path.write_bytes(("\ufeff" + GOOD.replace("\n", "\r\n")).encode())
    assert read_events(path).condition == ("happy", "neutral")


@pytest.mark.parametrize(
    ("text", "key", "part"),
    [
        (GOOD.replace("onset", "start"), "onset", "onset"),
        (GOOD.replace("trial_type", "kind"), "trial_type", "trial_type"),
        (GOOD.replace("1.5\t", "soon\t"), "onset", "row 1 has 'soon'"),
        (GOOD.replace("1.5\t", "inf\t"), "onset", "row 1 has 'inf'"),
        (GOOD.replace("9.25\t", "n/a\t"), "onset", "row 3 has nothing"),
        (GOOD.replace("h1\twatch\tstim", "n/a\twatch\tstim"), "stimulus", "row 1 has no value"),
        (GOOD.replace("phase", "phase\ttoo"), "onset", "row 1 has 6 cells"),
        ("onset\ttrial_type\tstimulus\tphase\n1\ta\tb\tblank\n", "phase", "no trial"),
        (GOOD.replace("\t", ","), "onset", "commas"),
        ("", "onset", "empty"),
        ("onset\ttrial_type\tstimulus\ttrial_id\n1\ta\tb\t7\n2\ta\tb\t7\n", "trial_id", "7"),
    ],
)
def test_a_wrong_table_is_refused_with_file_and_key(
    tmp_path: Path, text: str, key: str, part: str
) -> None:
    with pytest.raises(EventsError, match=part) as caught:
        read_events(table(tmp_path, text))
    assert caught.value.key == key
    assert "x_events.tsv" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"none_events\.tsv"):
        read_events(tmp_path / "none_events.tsv")
