"""People who share clips: tests keep their level, reliabilities are the true ones."""

import numpy as np
import pytest
from benchmarks.shared_clips import ClipStudy, results, share

from benchmarks import shared_clips

SMOKE = (0.01, 0.10)  # 200 studies at .05


@pytest.mark.parametrize(
    "name",
    ["4 clips, SD 1", "8 clips, SD .5, a fifth of the trials lost",
     "two groups, 4 clips, SD .5, group x clip 0.5"],
)  # fmt: skip
def test_group_tests_keep_their_level_where_tests_of_these_clips_do_not(name):
    row = results(shared_clips.GROUPS[name], name, 200, shared_clips.group_row)
    assert SMOKE[0] <= share(row["p"]) <= SMOKE[1]
    assert share(row["p_these_clips_only"]) > 0.3


def test_the_percentage_lies_in_its_set():
    name = "40 % less, 4 clips, SD 0.3"
    row = results(shared_clips.FIELLER[name], name, 200, shared_clips.group_row)
    assert row["held"].mean() > 0.90
    assert row["held_these_clips_only"].mean() < 0.85


@pytest.mark.parametrize(
    "name", ["40 people, 4 clips, SD 1", "40 people, 8 clips, SD 0.5, person x clip"]
)
def test_the_true_reliability_is_found(name):
    study = shared_clips.RELIABILITIES[name]
    row = results(study, name, 120, shared_clips.reliability_row)
    assert np.nanmean(row["split_half"]) == pytest.approx(study.reliability, abs=0.04)
    assert row["held"].mean() > 0.85


def test_trials_lost_for_their_size_are_noticed_and_random_losses_are_not():
    noticed = [
        share(results(study, name, 60, shared_clips.exclusion_row)["lost"])
        for name, study in shared_clips.EXCLUSIONS.items()
    ]
    assert noticed[0] <= 0.15
    assert noticed[1] > 0.9


def test_every_row_has_a_seed_of_its_own_and_names_its_truth(capsys):
    name = "40 people, 8 clips, SD 0, person x clip"
    alone = list(shared_clips.rows("clip-reliability", 3, [name]))
    assert alone == list(shared_clips.rows("clip-reliability", 3, [name, "x"]))
    assert alone[0].startswith(f"| {name} | 0.632 | ")
    assert ClipStudy().reliability == pytest.approx(0.75)
    arguments = ["--table", "group-tests", "--only", "8 clips, SD 0", "--studies", "3"]
    assert shared_clips.main(arguments) == 0
    assert capsys.readouterr().out.count("\n") == 1
