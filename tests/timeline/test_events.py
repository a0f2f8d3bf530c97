"""Events tables: what is read, and one clear sentence for what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from mimicry.errors import EventsError, QualityWarning
from mimicry.timeline import read_events
from mimicry.timeline.events import read_onsets

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


HEAD = "onset\ttrial_type\tstimulus\n"


def test_every_row_is_an_event_when_only_onsets_are_asked_for(tmp_path: Path) -> None:
    onsets, kinds = read_onsets(table(tmp_path, GOOD))
    assert onsets.tolist() == [1.5, 1.0, 9.25]
    assert kinds == ("happy", "happy", "neutral")
    plain = table(tmp_path, "onset\ttrial_type\n0,5\ta\n12,25\tb\n")
    assert read_onsets(plain)[0].tolist() == [0.5, 12.25]


@pytest.mark.parametrize(
    ("text", "key", "part"),
    [
        ("onset\ttrial_type\n1\ta\n2\tn/a\n", "trial_type", "row 2 has no value in column"),
        ("onset\ttrial_type\n1\ta\nx\tb\n", "onset", "row 2 has 'x' in column 'onset'"),
        ("onset\ttrial_type\nx\ta\n1\tb\n", "onset", "row 1 has 'x' in column 'onset'"),
        ("onset\tkind\n1\ta\n", "trial_type", "found the columns onset, kind, expected also"),
        ("onset\ttrial_type\n1\ta\n2\n", "onset", "row 2 has 1 cells, the header has 2"),
    ],
)
def test_rows_are_counted_from_one_after_the_header(
    tmp_path: Path, text: str, key: str, part: str
) -> None:
    with pytest.raises(EventsError, match=part) as caught:
        read_onsets(table(tmp_path, text))
    assert caught.value.key == key


@pytest.mark.parametrize("missing", ["", "n/a", "N/A", "nan", "NaN", "  n/a "])
def test_what_counts_as_missing_in_a_column(tmp_path: Path, missing: str) -> None:
    text = HEAD.replace("\n", "\tduration\tblock\n") + f"1\ta\tx\t{missing}\t{missing}\n"
    trials = read_events(table(tmp_path, text + "2\ta\tx\t2\t na \n"))
    assert np.isnan(trials.duration_s[0])
    assert trials.columns == {"block": ("", "na")}
    assert (trials.trial_id, trials.source) == (("1", "2"), str(tmp_path / "x_events.tsv"))


def test_ids_are_taken_where_there_are_any(tmp_path: Path) -> None:
    text = HEAD.replace("\n", "\ttrial_id\n") + "1\ta\tx\tfirst\n2\ta\tx\tn/a\n"
    trials = read_events(table(tmp_path, text))
    assert (trials.trial_id, dict(trials.columns)) == (("first", "2"), {})
    assert np.isnan(trials.duration_s).all()


def test_of_an_id_that_stands_often_five_rows_are_named(tmp_path: Path) -> None:
    text = HEAD.replace("\n", "\ttrial_id\n") + "1\ta\tx\tb\n" + "2\ta\tx\tz\n" * 6
    with pytest.raises(EventsError, match=r"'z' stands in rows 2, 3, 4, 5, 6[^,]"):
        read_events(table(tmp_path, text))


@pytest.mark.parametrize(
    ("onsets", "expected"),
    [
        (("1,5", "12,250"), [1.5, 12.25]),  # one cell has no three digits: no thousands
        (("1,5", "12"), [1.5, 12.0]),
        (("0,1234", "2"), [0.1234, 2.0]),
    ],
)
def test_a_comma_is_a_decimal_sign_where_no_number_has_a_point(
    tmp_path: Path, onsets: tuple[str, str], expected: list[float]
) -> None:
    text = HEAD + "{}\ta\tx\n{}\ta\tx\n".format(*onsets)
    assert read_events(table(tmp_path, text)).onset_s.tolist() == expected


def test_onsets_and_durations_share_their_decimal_sign(tmp_path: Path) -> None:
    text = HEAD.replace("\n", "\tduration\n") + "1,5\ta\tx\t{}\n9,5\ta\tx\t2\n"
    assert read_events(table(tmp_path, text.format("2,5"))).duration_s.tolist() == [2.5, 2]
    with pytest.raises(EventsError, match=r"row 1 has '1,5'.*and 1 more such cells"):
        read_events(table(tmp_path, text.format("2.5")))
    with pytest.raises(EventsError, match=r"row 1 has '1,5' in column 'onset', expected seconds$"):
        read_events(table(tmp_path, text.format("2.5").replace("9,5", "9.5")))


def test_a_duration_may_be_missing_but_is_never_something_else(tmp_path: Path) -> None:
    text = HEAD.replace("\n", "\tduration\n") + "1\ta\tx\tn/a\n2\ta\tx\t{}\n"
    for cell in ("inf", "long"):
        with pytest.raises(EventsError, match=f"row 2 has '{cell}' in column 'duration'"):
            read_events(table(tmp_path, text.format(cell)))


@pytest.mark.parametrize(("kinds", "end"), [("abcd", r"d 1\)$"), ("abcde", r"d 1, \.\.\.\)$")])
def test_of_the_kinds_of_skipped_rows_four_are_named(tmp_path: Path, kinds: str, end: str) -> None:
    text = HEAD + "1\ta\tx\n1\ta\tn/a\n" + "".join(f"2\t{kind}\tn/a\n" for kind in kinds)
    with pytest.warns(QualityWarning, match=rf"^x_events.tsv: {len(kinds) + 1} of .*\(a 2.*{end}"):
        assert len(read_events(table(tmp_path, text))) == 1


def test_rows_with_a_phase_and_without_a_stimulus_are_skipped_quietly(tmp_path: Path) -> None:
    assert len(read_events(table(tmp_path, PHASES.format("n/a", "rest")))) == 1
    with pytest.raises(EventsError, match="no trial among 2") as caught:
        read_events(table(tmp_path, PHASES.format("y", "b").replace("\tstimulus\n5", "\tb\n5")))
    assert caught.value.key == "phase"


def test_phases_spelt_otherwise_are_counted(tmp_path: Path) -> None:
    text = PHASES.format("y", "Stimulus")
    with pytest.raises(EventsError, match="found the phase 'Stimulus', expected"):
        read_events(table(tmp_path, text))
    with pytest.raises(EventsError, match="found the phase 'Stimulus' in 2 rows, expected"):
        read_events(table(tmp_path, text + "9\ta\tx\tSTIMULUS\n"))


def test_the_first_stimulus_column_that_says_anything_counts(tmp_path: Path) -> None:
    text = "onset\ttrial_type\tstim_file\tstimulus\n1\ta\tfile\tname\n"
    trials = read_events(table(tmp_path, text))
    assert (trials.stimulus_id, dict(trials.columns)) == (("name",), {"stim_file": ("file",)})
    with pytest.raises(EventsError, match="expected also a column 'stimulus'"):
        read_events(table(tmp_path, "onset\ttrial_type\n1\ta\n"))
    with pytest.raises(EventsError, match="no trial among 1 rows") as caught:
        read_events(table(tmp_path, "onset\ttrial_type\tstimulus\tstim_file\n1\ta\t\tn/a\n"))
    assert caught.value.key == "stimulus"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('""\t"trial_type"\t"stimulus"\n1\ta\tx\n', "quotation"),
        ('"\n1\n', "found the columns \", expected also a column 'onset'"),
        ('"onset"\ttrial_type\tstimulus\n1\ta\tx\n', "expected also a column 'onset'"),
        ("onset;trial_type,stimulus\n1;a,x\n", "semicolons"),
        ("onset\n1\n", "found the columns onset, expected also a column 'trial_type'"),
        ("onset,a\ttrial_type\tstimulus\n1\ta\tx\n", "expected also a column 'onset'"),
        ("onset\t\ttrial_type\tstimulus\n1\t\ta\tx\n2\t.\ta\tx\n", "column 2 has no name"),
        ("onset\tonset\tonset\n1\t2\t3\n", "'onset' stands 3 times"),
    ],
)
def test_a_header_that_is_none_is_refused(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(EventsError, match=part):
        read_events(table(tmp_path, text))


def test_columns_without_name_and_content_are_left_out_wherever_they_stand(tmp_path: Path) -> None:
    text = "onset\t\ttrial_type\t \tstimulus\tblock\n1\t\ta\t \tx\tb\n2\t \ta\t\ty\tc\n"
    trials = read_events(table(tmp_path, text))
    assert (trials.stimulus_id, dict(trials.columns)) == (("x", "y"), {"block": ("b", "c")})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x_events.tsv"
    path.write_bytes(b"\x00\x01\x02\x00" * 50)
    with pytest.raises(EventsError):
        read_events(path)


def test_a_table_of_another_program_is_named_by_the_column_that_it_lacks(tmp_path: Path) -> None:
    """With onset and trial_type it is meant as events, so the missing stimulus is said."""
    both = "onset\ttrial_type\ttrials.thisN\tpsychopyVersion\n1\ta\t0\t2024\n"
    with pytest.raises(EventsError, match="expected also a column 'stimulus'"):
        read_events(table(tmp_path, both))
    bare = "onset\ttrials.thisN\tpsychopyVersion\n1\t0\t2024\n"
    with pytest.raises(
        EventsError, match=r"this is a PsychoPy.*expected a tab-separated"
    ) as caught:
        read_events(table(tmp_path, bare))
    assert caught.value.key == "`events`"
    quoted = '"onset","trial_type","psychopyVersion"\n1,a,2024\n'
    with pytest.raises(EventsError, match="commas"):
        read_events(table(tmp_path, quoted))
    exact = "onset,trial_type\n1,a\n"
    with pytest.raises(EventsError, match="commas"):
        read_events(table(tmp_path, exact))
