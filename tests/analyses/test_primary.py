"""The test that is run is the one that the protocol declares."""

import pytest

from mimicry.analyses.primary import primary_test
from mimicry.protocol import list_protocols, load_protocol
from mimicry.simulation.effects import Change, Group
from mimicry.simulation.recordings import predicted


def edited(protocol, **primary):
    """Return the protocol with other values in its primary test."""
    analysis = protocol.file.analysis
    changed = analysis.model_copy(update={"primary": analysis.primary.model_copy(update=primary)})
    return type(protocol)(**{
        **{f: getattr(protocol, f) for f in protocol.__dataclass_fields__},
        "file": protocol.file.model_copy(update={"analysis": changed}),
    })  # fmt: skip


@pytest.mark.parametrize("name", list_protocols())
def test_between_trait_and_level_are_those_of_the_file(name):
    protocol = load_protocol(name)
    primary, planned = protocol.file.analysis.primary, primary_test(protocol)
    groups = list(protocol.file.design.groups)
    named = primary.between and (
        groups.index(primary.between.more),
        groups.index(primary.between.less),
    )
    assert planned.between == named
    assert planned.trait == (primary.trait is not None)
    assert (planned.alpha, planned.two_sided) == (primary.alpha, primary.two_sided)


def test_groups_that_the_test_does_not_name_are_pooled_unless_two_are_given():
    protocol = edited(load_protocol("mimicked-partner"), between=None)
    assert len(protocol.file.design.groups) == 2
    assert primary_test(protocol).between is None
    assert primary_test(protocol, predicted(protocol)[1]).between == (0, 1)
    assert primary_test(protocol, [Group("a"), Group("b"), Group("c")]).between is None


@pytest.mark.parametrize(
    ("gain", "level", "direction"),
    [(1.2, None, 1.0), (0.8, None, -1.0), (1.2, "less", -1.0), (0.8, "less", 1.0)],
)
def test_the_direction_of_a_trait_follows_what_it_does_to_which_level(gain, level, direction):
    protocol = load_protocol("selective-response")
    primary = protocol.file.analysis.primary
    where = {} if level is None else {primary.within.factor: primary.within.less}
    group = Group("all", changes=(Change(where, gain, trait=primary.trait),))
    assert primary_test(protocol, [group]).direction == direction


def test_a_prediction_without_a_trait_is_positive():
    assert primary_test(load_protocol("dynamic-happy-angry")).direction == 1.0
