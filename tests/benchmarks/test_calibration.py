"""The label-swap test keeps its level where other tests do not; truth lies in its intervals."""

import numpy as np
import pytest
from benchmarks.tables import significant

from benchmarks import calibration, recovery

SMOKE = (0.02, 0.085)  # 400 sessions at .05: 3 Monte-Carlo errors

#: Situations in which the contrast is not 0 although the targets do nothing.
OPPONENT_MOVES = ("smile-both", "opponent")


def shares(name, n, **how):
    found = [calibration.one_session(name, k, **how) for k in range(n)]
    return {test: significant([row[test] for row in found]) for test in found[0]}


def test_a_movement_made_to_every_stimulus_is_no_mimicry():
    """100 sessions in which every stimulus moves the face; more of them among the slow tests."""
    assert shares("same", 100)["declared"] <= 0.12


def test_other_tests_call_the_same_movement_mimicry_nearly_always():
    found = shares("same", 6, costly=True)
    for name in ("index > 0", "circular shift", "frames"):
        assert found[name] > 0.8
    assert found["pipeline"] < 0.8


@pytest.mark.parametrize("name", OPPONENT_MOVES)
def test_a_contrast_of_the_opponent_alone_is_no_claim(name):
    found = shares(name, 40)
    assert found["declared"] == 1
    assert found["target"] <= 0.2
    assert found["claim"] <= 0.15


def test_a_claim_has_power_and_less_of_it_than_the_contrast_alone():
    found = shares("both 0.05", 30)
    assert 0.5 < found["claim"] <= found["declared"]
    assert shares("target 0.075", 30)["claim"] > 0.5


def test_the_quick_path_gives_the_p_value_of_the_whole_pipeline():
    """They differ only when a trial is invalid; these sessions have no such trial."""
    situation = calibration.SITUATIONS["none"]
    quick, full = (
        calibration.p_values(
            calibration.replace(situation, nuisance=calibration.NUISANCE["none"]),
            np.random.default_rng(3),
            costly=costly,
        )
        for costly in (False, True)
    )
    assert quick["declared"] == pytest.approx(full["pipeline"], abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(calibration.SITUATIONS))
def test_false_claims_stay_at_their_level_in_every_situation(name):
    """The smoke test of the benchmark: 400 sessions each."""
    found = [calibration.one_session(name, k) for k in range(400)]
    for test in ("declared", "target", "claim"):
        p = [row[test] for row in found]
        assert np.isfinite(p).sum() >= 380
        if test == "claim":
            assert significant(p) <= SMOKE[1]
        elif test == "target" or name not in OPPONENT_MOVES:
            assert SMOKE[0] <= significant(p) <= SMOKE[1]


def recover(name, n):
    sessions = [recovery.one_session(name, k) for k in range(n)]
    return recovery.recovered(recovery.CELLS[name], sessions)


def test_what_was_put_in_lies_in_the_interval():
    """A clear response in 24 trials: amplitude and latency, 60 sessions."""
    found = recover("0.1 30 24", 60)
    assert abs(found["bias"]) < 0.03
    assert found["amplitude"] >= 0.85
    assert found["refused"] <= 0.1
    assert found["latency"] >= 0.85
    assert abs(found["latency_bias"]) < 0.02


def test_a_weak_response_gets_no_latency():
    assert recover("0.02 30 12", 40)["refused"] > 0.8


def studies(name, n, **how):
    """(n,) differences of the groups, their standard error, and the p of each study."""
    found = np.array([recovery.one_study(name, k, **how) for k in range(n)])
    difference = found[:, 0].mean(axis=1) - found[:, 1].mean(axis=1)
    p = np.array([recovery.two_samples(c, g).p for c, g in found])
    return difference, difference.std(ddof=1) / n**0.5, p


def true_difference():
    return recovery.REDUCTION * recovery.true_contrast()


def test_a_group_with_less_is_found_as_often_as_theory_says():
    """40 % less, 40 people a group, control mean / SD of 3: no bias, always the right sign."""
    difference, error, _ = studies("3", 50)
    assert abs(difference.mean() - true_difference()) < 3 * error
    assert (difference > 0).all()


@pytest.mark.slow
def test_200_studies_leave_no_bias_and_find_the_predicted_rates():
    """With mean / SD of 1 the sign is right in .963 and the test says so in .42 of studies."""
    difference, error, p = studies("1", 200)
    assert abs(difference.mean() - true_difference()) < 3 * error
    assert (difference > 0).mean() == pytest.approx(0.963, abs=3 * 0.0134)
    assert significant(p) == pytest.approx(0.423, abs=3 * 0.035)


@pytest.mark.slow
def test_whole_recordings_show_the_same_group_difference():
    difference, error, _ = studies("3", 25, frames=True)
    assert abs(difference.mean() - true_difference()) < 3 * error
    assert (difference > 0).all()
