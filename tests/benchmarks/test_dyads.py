"""Samples of dyads that have nothing to do with one another, and some that have."""

import numpy as np
from benchmarks.tables import significant

from benchmarks import dyads


def test_unrelated_dyads_keep_the_level_and_tied_ones_are_found():
    assert significant(dyads.TABLES["dyads"].run("lively 8", 40)) <= 0.15
    assert significant(dyads.TABLES["dyads"].run("tied 8", 10)) > 0.5


def test_too_few_strangers_or_dyads_give_no_p():
    for name, text in (("unrelated 4", "no p"), ("alone 19", "no p")):
        found = dyads.TABLES["dyads"].run(name, 2)
        assert np.isnan(found).all()
        assert dyads.cells(name, found) == [dyads.SAMPLES[name].title, text, "2"]
    assert np.isfinite(dyads.one_study("alone 39", 0))
