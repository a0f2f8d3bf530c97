"""Plain text series."""

import numpy as np
import pytest

from mimicry.errors import TableError
from mimicry.interchange.series_text import read_series_text


@pytest.mark.parametrize(
    "text",
    [
        '"pat" "th"\n46 3879\n14 NA\n',
        "pat,th\n46, 3879\n14,\n",
        "pat\tth\n46\t3879\n14\tn/a\n",
        "pat;th\n46;3879\n14;nan\n",
        "﻿pat th\r\n46 3879\r\n\r\n14 .\r\n",
    ],
)
def test_separators_quotes_headers_and_gaps_are_understood(tmp_path, text):
    path = tmp_path / "d.txt"
    path.write_text(text, encoding="utf-8")
    values, names = read_series_text(path)
    assert names == ("pat", "th")
    np.testing.assert_array_equal(values, [[46, 3879], [14, np.nan]])


def test_a_file_without_header_gets_column_names(tmp_path):
    path = tmp_path / "d.txt"
    path.write_text("1 2 3\n4 5 6\n")
    values, names = read_series_text(path, columns=(3, 1))
    assert names == ("column 3", "column 1")
    np.testing.assert_array_equal(values, [[3, 1], [6, 4]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("a b\n", "header and no numbers"),
        ("1 2\n3\n", "line 2 has 1 columns, expected 2"),
        ("1 2\n3 x\n", "line 2 holds 'x'"),
        ("1 2\n3 x\ny 4\n", r"line 2 holds 'x'.*2 such cells"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, text, message):
    path = tmp_path / "d.txt"
    path.write_text(text)
    with pytest.raises(TableError, match=message):
        read_series_text(path)


def test_a_missing_file_or_column_is_said(tmp_path):
    with pytest.raises(TableError, match="not found"):
        read_series_text(tmp_path / "none.txt")
    path = tmp_path / "d.txt"
    path.write_text("1 2\n")
    with pytest.raises(TableError, match="no column 3"):
        read_series_text(path, columns=(3,))
