"""People who share clips: tests keep their level, reliabilities are the true ones."""

import numpy as np
import pytest
from benchmarks.shared_clips import ClipStudy, values
from benchmarks.tables import significant

from benchmarks import shared_clips

SMOKE = (0.01, 0.10)  # 200 studies at .05


def studies(table, name, n):
    return shared_clips.TABLES[table].run(name, n)


@pytest.mark.parametrize(
    "name",
    ["4 clips, SD 1", "8 clips, SD .5, a fifth of the trials lost",
     "two groups, 4 clips, SD .5, group x clip 0.5"],
)  # fmt: skip
def test_group_tests_keep_their_level_where_tests_of_these_clips_do_not(name):
    found = studies("group-tests", name, 200)
    assert SMOKE[0] <= significant(values(found, "p")) <= SMOKE[1]
    assert significant(values(found, "p_these_clips_only")) > 0.3


def test_a_restless_group_differs_in_its_own_sds_alone():
    found = studies("group-tests", "two groups that mimic, one of them restless", 200)
    assert SMOKE[0] <= significant(values(found, "p")) <= SMOKE[1]
    assert significant(values(found, "p_own_sds")) > 0.3


def test_the_percentage_lies_in_its_set():
    name = "40 % less, 4 clips, SD 0.3"
    found = studies("fieller", name, 200)
    assert values(found, "held").mean() > 0.90
    assert values(found, "held_these_clips_only").mean() < 0.85


@pytest.mark.parametrize(
    "name", ["40 people, 4 clips, SD 1", "40 people, 8 clips, SD 0.5, person x clip"]
)
def test_the_true_reliability_is_found(name):
    true = shared_clips.RELIABILITIES[name].reliability
    found = studies("clip-reliability", name, 120)
    assert np.nanmean(values(found, "split_half")) == pytest.approx(true, abs=0.04)
    assert values(found, "held").mean() > 0.85


def test_trials_lost_for_their_size_are_noticed_and_random_losses_are_not():
    noticed = [
        significant(values(studies("exclusions", name, 60), "lost"))
        for name in shared_clips.EXCLUSIONS
    ]
    assert noticed[0] <= 0.15
    assert noticed[1] > 0.9


def test_a_study_names_its_truth():
    assert ClipStudy().reliability == pytest.approx(0.75)
    name = "40 people, 8 clips, SD 0, person x clip"
    cells = shared_clips.reliability_cells(name, studies("clip-reliability", name, 3))
    assert cells[:2] == [name, ".632"]
