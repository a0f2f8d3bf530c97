"""The label-swap test keeps its level where other tests do not; truth lies in its intervals."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import calibration
import recovery

SMOKE = (0.02, 0.085)  # 400 sessions at .05: 3 Monte-Carlo errors


def test_a_movement_made_to_every_stimulus_is_no_mimicry():
    """100 sessions in which every stimulus moves the face; more of them among the slow tests."""
    rate, n = calibration.rates("same", 100)["declared"]
    assert n == 100
    assert rate <= 0.12


def test_other_tests_call_the_same_movement_mimicry_nearly_always():
    found = calibration.rates("same", 6, costly=True)
    for name in ("index > 0", "circular shift", "frames"):
        assert found[name][0] > 0.8
    assert found["declared"][0] < 0.8


def test_the_quick_path_gives_the_p_value_of_the_whole_pipeline():
    """They differ only when a trial is invalid; these sessions have no such trial."""
    situation = calibration.SITUATIONS["none"]
    quick, full = (
        calibration.p_values(
            calibration.replace(situation, nuisance=calibration.NUISANCE["none"]),
            calibration.np.random.default_rng(3),
            costly=costly,
        )["declared"]
        for costly in (False, True)
    )
    assert quick == pytest.approx(full, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(calibration.SITUATIONS))
def test_false_claims_stay_at_their_level_in_every_situation(name):
    """The smoke test of the benchmark: 400 sessions each."""
    rate, n = calibration.rates(name, 400)["declared"]
    assert n >= 380
    assert SMOKE[0] <= rate <= SMOKE[1]


def test_what_was_put_in_lies_in_the_interval():
    """A clear response in 24 trials: amplitude and latency, 60 sessions."""
    found = recovery.recover(recovery.Cell(0.1, 30.0, 24), 60)
    assert abs(found["bias"]) < 0.03
    assert found["amplitude"] >= 0.85
    assert found["refused"] <= 0.1
    assert found["latency"] >= 0.85
    assert abs(found["latency_bias"]) < 0.02


def test_a_weak_response_gets_no_latency():
    assert recovery.recover(recovery.Cell(0.02, 30.0, 12), 40)["refused"] > 0.8


def test_a_group_with_less_is_found_as_often_as_theory_says():
    """40 % less, 40 people a group, control mean / SD of 3: no bias, always the right sign."""
    made = recovery.group_study(3.0, 50)
    control, lower = made["people"][:, 0], made["people"][:, 1]
    difference = control.mean(axis=1) - lower.mean(axis=1)
    error = difference.std(ddof=1) / len(difference) ** 0.5
    assert abs(difference.mean() - made["true"]) < 3 * error
    assert (difference > 0).all()


@pytest.mark.slow
def test_200_studies_leave_no_bias_and_find_the_predicted_rates():
    """With mean / SD of 1 the sign is right in .963 and the test says so in .42 of studies."""
    made = recovery.group_study(1.0, 200)
    control, lower = made["people"][:, 0], made["people"][:, 1]
    difference = control.mean(axis=1) - lower.mean(axis=1)
    error = difference.std(ddof=1) / len(difference) ** 0.5
    assert abs(difference.mean() - made["true"]) < 3 * error
    assert (difference > 0).mean() == pytest.approx(0.963, abs=3 * 0.0134)
    p = [recovery.two_samples(c, g).p for c, g in zip(control, lower, strict=True)]
    assert (calibration.np.array(p) < 0.05).mean() == pytest.approx(0.423, abs=3 * 0.035)


@pytest.mark.slow
def test_whole_recordings_show_the_same_group_difference():
    made = recovery.group_study(3.0, 25, frames=True)
    difference = made["people"][:, 0].mean(axis=1) - made["people"][:, 1].mean(axis=1)
    error = difference.std(ddof=1) / len(difference) ** 0.5
    assert abs(difference.mean() - made["true"]) < 3 * error
    assert (difference > 0).all()
