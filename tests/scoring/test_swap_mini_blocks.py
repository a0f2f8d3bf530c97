"""Mini-blocks are swapped one by one."""

import numpy as np
import pytest

from mimicry.records import ScoringSettings
from mimicry.scoring.arrange import SwapDesign
from mimicry.scoring.swap import label_swap

HAPPY_FIRST = ["h"] * 4 + ["n"] * 4
VALUES = np.array([2.0, 3.0, 2.5, 2.0, 0.0, 1.0, 0.5, 1.0])


@pytest.mark.parametrize(("runs", "arrangements"), [((), 2), (list("11223344"), 6)])
def test_mini_blocks_of_one_condition_in_a_row_are_swapped_one_by_one(runs, arrangements):
    """Four mini-blocks of two: C(4, 2) arrangements; without their numbers only two runs."""
    own = np.array(HAPPY_FIRST) == "h"
    settings = ScoringSettings({}, swap="block", min_arrangements=0)
    found = label_swap(VALUES, own, ~own, SwapDesign(HAPPY_FIRST, runs=runs), settings, None)
    assert found.arrangements == arrangements
    assert found.p == pytest.approx(2 / arrangements)


def test_a_change_of_condition_within_a_run_number_begins_a_new_run():
    """Runs of a protocol hold several conditions; a unit never does."""
    conditions = list("hhnnhhnn")
    own = np.array(conditions) == "h"
    settings = ScoringSettings({}, swap="block", min_arrangements=0)
    design = SwapDesign(conditions, runs=list("11112222"))
    assert label_swap(VALUES, own, ~own, design, settings, None).arrangements == 6
