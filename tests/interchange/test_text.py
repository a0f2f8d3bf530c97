"""The one sniffer of text files: encoding, line ends, separator, decimal sign, header."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from mimicry.errors import TableError
from mimicry.interchange.series_text import read_series_text
from mimicry.interchange.table import read_any_table
from mimicry.interchange.tables import read_au_table
from mimicry.interchange.text import MISSING, decode, number_of, read_lines
from mimicry.records import ReadingOptions

ROWS = [["time", "AU12", "Größe"], ["0.04", "1.5", "-2.25"], ["0.08", "", "3"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), (";", ","), (";", "."), ("\t", ","),
                                                    ("|", "."), ('","', ",")])  # fmt: skip
def test_every_way_of_writing_gives_the_same_numbers(tmp_path, encoding, end, separator, decimal):
    rows = [[cell.replace(".", decimal) for cell in row] for row in ROWS]
    lines = [separator.join(row) for row in rows]
    if separator == '","':
        lines = [f'"{line}"' for line in lines]
    path = tmp_path / "t.csv"
    path.write_bytes((end.join(lines) + end).encode(encoding))
    table = read_any_table(path)
    assert table.names == ("time", "AU12", "Größe")
    np.testing.assert_array_equal(table.numbers("time"), [0.04, 0.08])
    np.testing.assert_array_equal(table.numbers("AU12"), [1.5, np.nan])
    np.testing.assert_array_equal(table.numbers("Größe"), [-2.25, 3])
    assert table.at(1) == "line 3"


def test_latin_1_and_binary_are_told_apart(tmp_path):
    assert decode(b"a\x81b") == ("a\x81b", "latin-1")
    assert decode(bytes(range(32)) * 8) is None
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n" + bytes(200))
    with pytest.raises(TableError, match="no text"):
        read_lines(path)


@pytest.mark.parametrize("cell", sorted(MISSING))
def test_what_means_missing(cell, tmp_path):
    assert np.isnan(number_of(cell.upper()))
    path = tmp_path / "t.csv"
    path.write_text(f"time,AU12\n0.1,1\n0.2,{cell}\n0.3, {cell.upper()} \n")
    np.testing.assert_array_equal(read_any_table(path).numbers("AU12"), [1, np.nan, np.nan])


@pytest.mark.parametrize(
    "cell", ["1_0.5", "1 000", "1'000", "1,5", "0x10", "inf", "-Infinity", "1e400", "TRUE", "12:30"]
)
def test_what_is_no_number_is_counted_and_named(tmp_path, cell):
    assert number_of(cell) is None
    path = tmp_path / "t.tsv"
    path.write_text(f"time\tAU12\n0.1\t1\n0.2\t{cell}\n0.3\t{cell}\n")
    with pytest.raises(
        TableError, match=rf"2 cells.*'{cell}' in line 3.*AU12|AU12.*2 cells.*line 3"
    ):
        read_any_table(path).numbers("AU12")


def test_a_column_of_true_and_false_is_no_column_of_numbers(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("success,AU12\nTrue,True\nFalse,True\n")
    table = read_any_table(path)
    assert table.numbers("success").tolist() == [1, 0]
    with pytest.raises(TableError, match="AU12"):
        table.numbers("AU12")


def test_the_minus_sign_of_word_processors_is_a_minus(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,AU12\n0.1,\N{MINUS SIGN}0.5\n0.2,0.5\n", encoding="utf-8")
    assert read_any_table(path).numbers("AU12").tolist() == [-0.5, 0.5]
    assert read_series_text(path)[0][0].tolist() == [0.1, -0.5]


def test_rows_that_do_not_fit_are_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,AU12\n0.1,1\n\n0,2,0,5\n")
    with pytest.raises(TableError, match=r"line 4 has 4 cells, the header has 2.*Decimal commas"):
        read_any_table(path)
    path.write_text("time,AU12,AU04\n0.1,1,2\n0.2,1")
    with pytest.raises(TableError, match=r"line 3 has 2 cells.*cut off"):
        read_any_table(path)
    path.write_text('time,AU12\n0.1,"1\n0.2,1\n0.3,"2\n')
    with pytest.raises(TableError, match="line 2 holds a quotation mark"):
        read_any_table(path)


def test_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,AU12,AU12\n0.1,1,2\n")
    with pytest.raises(TableError, match="several columns called 'AU12'"):
        read_any_table(path).refuse_repeats()


def test_what_spreadsheets_leave_behind_is_no_data(tmp_path):
    """An empty cell at every end, and empty rows below the table."""
    path = tmp_path / "t.csv"
    path.write_text("time;AU12\n0,1;1;\n0,2;2;\n;;\n;;\n")
    table = read_any_table(path)
    assert len(table) == 2
    assert table.numbers("AU12").tolist() == [1, 2]


def test_numbers_without_names_keep_their_decimal_commas(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("0,5 1,5\n0,25 -2,5\n")
    values, _ = read_series_text(path)
    assert values.tolist() == [[0.5, 1.5], [0.25, -2.5]]


def test_a_long_recording_with_all_landmarks_is_not_too_large(tmp_path):
    """OpenFace writes some 4 kB a row: 70 MB in ten minutes."""
    path = tmp_path / "t.csv"
    row = ",".join(["0.5"] * 700)
    path.write_text(",".join(f"x{k}" for k in range(700)) + "\n" + f"{row}\n" * 25_000)
    assert path.stat().st_size > 64 << 20
    assert len(read_lines(path).lines) == 25_001


def test_a_long_table_is_not_in_memory_many_times(tmp_path):
    """Of the 714 columns of OpenFace's full output a seventh is ever used."""
    names = [f"{axis}_{k}" for axis in "xyXYZ" for k in range(100)] + ["AU12_r"]
    path = tmp_path / "t.csv"
    row = ",".join(["0.5"] * 501)
    path.write_text(", ".join(names) + "\n" + f"{row}\n" * 16_000)
    tracemalloc.start()
    try:
        track = read_au_table(path, reading=ReadingOptions(fps=30))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert set(track.of("AU12")) == {0.5}
    assert most < 2.2 * path.stat().st_size


def test_only_files_beyond_every_recording_are_too_large(tmp_path):
    path = tmp_path / "t.csv"
    for size, said in (((1 << 30) + 1, "is no text file"), ((4 << 30) + 1, "at most 4096 are")):
        with path.open("wb") as file:
            file.truncate(size)
        with pytest.raises(TableError, match=said):
            read_lines(path)


@pytest.mark.parametrize("decimal", [".", ","])
def test_what_comes_late_in_a_long_table_counts_for_the_whole_column(tmp_path, decimal):
    """Blocks are parsed one by one: in one a column may hold numbers, in another words."""
    n = 5000
    columns = {
        "time": np.arange(n) / 25,
        "whole": np.arange(n),
        "late": np.where(np.arange(n) < 4000, 1.0, 2.5),
        "gone": np.where(np.arange(n) < 3000, np.nan, 0.25),
        "words": np.where(np.arange(n) == 4500, "1_0", "0.5"),
        "minus": np.where(np.arange(n) == 10, "\N{MINUS SIGN}0.5", "0.5"),
    }
    text = pd.DataFrame(columns).to_csv(index=False, sep=";").replace(".", decimal)
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    table = read_any_table(path)
    for name in ("time", "whole", "late", "gone"):
        np.testing.assert_array_equal(table.numbers(name), columns[name])
    values = table.numbers("minus")
    assert (values[10], values[9], values[-1]) == (-0.5, 0.5, 0.5)
    with pytest.raises(TableError, match="a cell '1_0' in line 4502"):
        table.numbers("words")
    some = read_any_table(path, needed=lambda name: name in ("late", "whole"))
    assert some.names == ("whole", "late")
    np.testing.assert_array_equal(some.numbers("late"), columns["late"])
