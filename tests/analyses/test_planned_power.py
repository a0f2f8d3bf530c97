"""Planned power agrees with what can be worked out by hand."""

import numpy as np
import pytest

from mimicry.analyses.power import people_needed, planned_power
from mimicry.analyses.primary import primary_test
from mimicry.protocol import load_protocol
from mimicry.simulation.scores import COUPLING_SD


def test_the_effect_of_a_coupling_is_the_one_worked_out_by_hand() -> None:
    protocol = load_protocol("dyad-smiles")
    prediction = protocol.file.prediction
    noise = COUPLING_SD / np.sqrt(6)
    expected = prediction.response["talk"] / np.hypot(prediction.person_sd, noise)
    people, effect = people_needed(protocol, n=20_000)
    assert effect == pytest.approx(expected, rel=0.05)
    assert people == pytest.approx((2.8016 / expected) ** 2 + 2, abs=2)


def test_power_at_the_needed_number_is_about_80_percent() -> None:
    protocol = load_protocol("mimicked-partner")
    people, _ = people_needed(protocol, n=20_000)
    found = planned_power(protocol, participants=people // 2, studies=1000)
    assert found.power == pytest.approx(0.8, abs=0.06)
    assert found.wrong_way < 0.01


@pytest.mark.parametrize("name", ["dyad-smiles", "mimicked-partner", "smile-contagion"])
def test_without_the_effect_false_claims_keep_to_alpha(name: str) -> None:
    found = planned_power(load_protocol(name), studies=2000, without_effect=True)
    assert found.power + found.wrong_way == pytest.approx(0.05, abs=0.02)


def test_a_delay_is_found_and_its_size_recovered() -> None:
    found = planned_power(load_protocol("instructed-imitation"), participants=20, studies=5)
    assert found.estimate == pytest.approx(0.15, abs=0.04)


def test_a_trait_that_lowers_the_lesser_level_predicts_a_positive_relation() -> None:
    assert primary_test(load_protocol("selective-response")).direction == 1.0
    assert primary_test(load_protocol("trait-empathy")).direction == 1.0


def test_a_trait_stays_with_its_person_in_a_large_sample() -> None:
    """More people than are simulated at a time."""
    _, small = people_needed(load_protocol("trait-empathy"), n=250)
    _, large = people_needed(load_protocol("trait-empathy"), n=1000)
    assert large == pytest.approx(small, abs=0.15)
    assert large > 0.12
