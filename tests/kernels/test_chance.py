"""Generators named by words, and p from surrogates."""

import zlib

import numpy as np
import pytest

from mimicry.kernels.chance import generator, p_value, z_surrogate

NAN = float("nan")


def test_texts_seed_by_their_crc_and_numbers_as_they_are():
    words = [3, zlib.crc32(b"p1"), 7, zlib.crc32("ä".encode())]
    expected = np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
    assert generator(3, "p1", 7, "ä").random(4).tolist() == expected.random(4).tolist()


def test_without_words_the_generator_is_that_of_the_seed_alone():
    for seed in (0, 5, 2**40):
        assert generator(seed).random() == np.random.default_rng(seed).random()


def test_one_other_word_gives_other_draws():
    streams = [("p1", "happy"), ("p2", "happy"), ("happy", "p1"), ("p1",), ("p1", "happy", "clip")]
    assert len({generator(1, *words).random() for words in streams}) == len(streams)


@pytest.mark.parametrize(
    ("observed", "tail", "complete", "p"),
    [
        (2.0, "greater", False, 2 / 6),  # 3.0 and the observed one
        (2.0, "greater", True, 1 / 5),
        (-2.0, "greater", False, 6 / 6),  # a small value lies in the other tail
        (-2.0, "size", False, 4 / 6),  # -2, -2 and 3
        (-2.0, "size", True, 3 / 5),
        (2.0, "either", False, 2 * 2 / 6),
        (-2.0, "either", False, 1.0),  # twice (2 of five and itself) of 6
        (3.0, "greater", False, 2 / 6),  # a tie reaches
        (3.0 + 1e-10, "greater", False, 2 / 6),
        (3.0 + 1e-8, "greater", False, 1 / 6),
        (NAN, "greater", False, NAN),
    ],
)
def test_p_counts_the_surrogates_of_the_right_tail(observed, tail, complete, p):
    drawn = [-2.0, -2.0, 0.0, 1.0, 3.0]
    found = p_value(observed, drawn, tail=tail, complete=complete)
    assert found == pytest.approx(p, nan_ok=True)


def test_a_surrogate_without_a_statistic_counts_as_reaching_on_both_sides():
    assert p_value(5.0, [NAN, 1.0]) == 2 / 3
    assert p_value(5.0, [NAN, 1.0], tail="size", complete=True) == 1 / 2
    assert p_value(5.0, [NAN, 1.0, 2.0, 3.0], tail="either") == 2 * 2 / 5


def test_z_is_in_sds_of_the_defined_surrogates():
    assert z_surrogate(4.0, [1.0, 3.0, NAN]) == pytest.approx(2 / np.sqrt(2))
    assert np.isnan(z_surrogate(4.0, [1.0, 1.0]))
    assert np.isnan(z_surrogate(4.0, [1.0, NAN]))
