"""What is typed is read, or refused in a sentence that names the option."""

import pytest

from mimicry.cli._options import checked_format, intervals, whole_numbers
from mimicry.errors import InputError


def test_numbers_are_read_or_explained():
    assert whole_numbers("20, 40", "--participants") == [20, 40]
    assert whole_numbers(None, "--participants") == []
    with pytest.raises(InputError, match=r"whole numbers.*\(key: --trials\)"):
        whole_numbers("many", "--trials")
    with pytest.raises(InputError, match="whole numbers"):
        whole_numbers("1", "--trials")


def test_intervals_are_pairs_of_seconds():
    assert intervals(["0:2", "10.5:12"]) == [(0.0, 2.0), (10.5, 12.0)]
    assert intervals([]) is None


@pytest.mark.parametrize("text", ["2", "2:1", "1:1", "a:b", "nan:1", "0:inf", "1:2:3"])
def test_an_interval_that_is_none_is_refused_with_an_example(text):
    with pytest.raises(InputError, match=r"is no interval.*For example --neutral 0:2"):
        intervals([text])


def test_an_unknown_format_is_refused_with_the_known_ones():
    assert checked_format("csv") == "csv"
    with pytest.raises(InputError, match=r"parquet, csv, openface.*--format"):
        checked_format("xlsx")
