"""Events tables: what is read, and one clear sentence for what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from mimicry.errors import EventsError, QualityWarning
from mimicry.timeline import read_events

GOOD = (
    "onset\tduration\ttrial_type\tstimulus\tblock\tphase\n"
    "1.5\t2.0\thappy\th1\twatch\tstimulus\n"
    "1.0\tn/a\thappy\tn/a\twatch\tfixation\n"
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


ROWS = "onset\tduration\ttrial_type\tstimulus\tnote\n1\t2\thappy\th1\t{}\n5\t2\tneutral\tn1\t{}\n"


def test_a_quotation_mark_is_a_character(tmp_path: Path) -> None:
    """BIDS has no quoting: with it, the second row would vanish into the first one's cell."""
    trials = read_events(table(tmp_path, ROWS.format('"sneezed', '"laughed')))
    assert trials.columns["note"] == ('"sneezed', '"laughed')


@pytest.mark.parametrize("sign", ["\u2028", "\x0b", "\x85"])
def test_only_line_ends_end_a_row(tmp_path: Path, sign: str) -> None:
    assert len(read_events(table(tmp_path, ROWS.format(f"a{sign}b", "c")))) == 2


def test_rows_without_a_stimulus_are_skipped_aloud(tmp_path: Path) -> None:
    text = "onset\tduration\ttrial_type\tstim_file\n1\t.5\tfixation\tn/a\n2\t2\thappy\ta/h1.webm\n"
    with pytest.warns(QualityWarning, match=r"1 of 2 rows .*'stim_file'.*\(fixation 1\)"):
        trials = read_events(table(tmp_path, text))
    assert trials.stimulus_id == ("a/h1.webm",)
    assert trials.trial_id == ("2",)
    assert "stim_file" not in trials.columns


PHASES = "onset\ttrial_type\tstimulus\tphase\n1\ta\tx\tstimulus\n5\ta\t{}\t{}\n"


@pytest.mark.parametrize("phase", ["Stimulus", "STIMULUS", "stim ulus"])
def test_a_phase_that_is_almost_stimulus_is_refused(tmp_path: Path, phase: str) -> None:
    with pytest.raises(EventsError, match=f"phase '{phase}', expected 'stimulus'"):
        read_events(table(tmp_path, PHASES.format("y", phase)))


def test_blanks_around_a_phase_do_not_matter(tmp_path: Path) -> None:
    assert len(read_events(table(tmp_path, PHASES.format("y", " stimulus ")))) == 2


@pytest.mark.parametrize("phase", ["fixation", "n/a", ""])
def test_rows_of_another_phase_that_name_a_stimulus_are_skipped_aloud(
    tmp_path: Path, phase: str
) -> None:
    said = rf"1 of 2 rows name a stimulus.*'stimulus': they are no trials \({phase or 'n/a'} 1\)"
    with pytest.warns(QualityWarning, match=said):
        assert len(read_events(table(tmp_path, PHASES.format("y", phase)))) == 1


@pytest.mark.parametrize("phase", ["practice", "interrupted", "marker"])
def test_rows_that_mimicry_run_marks_as_no_trials_are_skipped_quietly(
    tmp_path: Path, phase: str
) -> None:
    from mimicry.runner.columns import EVENT_COLUMNS

    assert phase in EVENT_COLUMNS["phase"]
    assert len(read_events(table(tmp_path, PHASES.format("y", phase)))) == 1
    assert len(read_events(table(tmp_path, PHASES.format("n/a", "fixation")))) == 1


PSYCHOPY = "onset\ttrial_type\tstimulus\ttrials.thisN\tpsychopyVersion\n1\ta\tx\t0\t2024\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (PSYCHOPY.replace("x", "x\ty"), "row 1 has 6 cells"),
        (PSYCHOPY.replace("\t", ","), "commas"),
        (PSYCHOPY.replace("stimulus", "onset"), "'onset' stands 2 times"),
        (PSYCHOPY.replace("trial_type", "kind"), "this is a PsychoPy"),
        (PSYCHOPY.replace("onset", "start").replace("x", "x\ty"), "this is a PsychoPy"),
    ],
)
def test_another_program_is_named_only_where_a_column_is_missing(
    tmp_path: Path, text: str, part: str
) -> None:
    with pytest.raises(EventsError, match=part):
        read_events(table(tmp_path, text))


def test_an_empty_stimulus_column_gives_way_to_stim_file(tmp_path: Path) -> None:
    text = "onset\ttrial_type\tstimulus\tstim_file\n1\thappy\tn/a\th1.png\n"
    assert read_events(table(tmp_path, text)).stimulus_id == ("h1.png",)


def test_empty_columns_at_the_end_do_not_matter(tmp_path: Path) -> None:
    text = GOOD.replace("\n", "\t\t\n")
    assert read_events(table(tmp_path, text)).condition == ("happy", "neutral")


@pytest.mark.parametrize(
    ("onsets", "expected"),
    [
        (("\u22120.5", "2.5"), [-0.5, 2.5]),
        (("1,5", "9,25"), [1.5, 9.25]),
        (("1e1", "+12"), [10, 12]),
    ],
)
def test_numbers_as_people_write_them(
    tmp_path: Path, onsets: tuple[str, str], expected: list[float]
) -> None:
    text = "onset\ttrial_type\tstimulus\n{}\ta\tx\n{}\ta\tx\n".format(*onsets)
    assert read_events(table(tmp_path, text)).onset_s.tolist() == expected


@pytest.mark.parametrize(
    ("onsets", "part"),
    [
        (("1_0.5", "12"), "row 1 has '1_0.5'"),
        (("\u0661\u0662", "15"), "row 1 has"),
        (("1.0", "2,5"), "row 2 has '2,5'"),
        (("1,500", "12,500"), "may be a decimal comma or thousands"),
        (("soon", "later"), r"row 1 has 'soon'.*\(and 1 more such cells\)"),
        (("-", "2"), "row 1 has '-'"),
        (("nan", "2"), "row 1 has nothing"),
        (("1e999", "2"), "row 1 has '1e999'"),
    ],
)
def test_what_is_no_number_is_refused_with_its_row(
    tmp_path: Path, onsets: tuple[str, str], part: str
) -> None:
    text = "onset\ttrial_type\tstimulus\n{}\ta\tx\n{}\ta\tx\n".format(*onsets)
    with pytest.raises(EventsError, match=part):
        read_events(table(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (GOOD.replace("block", "onset"), "'onset' stands 2 times"),
        (GOOD.replace("block", ""), "column 5 has no name"),
        (GOOD.replace("\t", ";"), "semicolons"),
        ('"onset"\t"trial_type"\t"stimulus"\n1\t"a"\t"b"\n', "quotation"),
        ("onset\ttrial_type\tstimulus\ttrial_id\n1\ta\tb\t2\n2\ta\tb\tn/a\n", "rows 1, 2"),
        ("onset\ttrial_type\tstimulus\n1\ta\tn/a\n", "no trial among 1"),
    ],
)
def test_a_table_that_says_two_things_is_refused(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(EventsError, match=part):
        read_events(table(tmp_path, text))
