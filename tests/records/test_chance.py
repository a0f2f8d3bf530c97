"""Settings of chance and the register of nulls."""

import pytest

from mimicry.records import Chance, Null, nulls_by_name


def test_chance_needs_a_number_of_surrogates_and_a_seed_from_0_up():
    assert Chance("clip", 99, 1).surrogates == 99
    with pytest.raises(ValueError, match="-1 surrogates"):
        Chance("clip", -1)
    with pytest.raises(ValueError, match="seed -1"):
        Chance("clip", 99, -1)


def test_two_nulls_of_one_name_are_refused():
    null = Null("clip", "", "", "", len)
    assert nulls_by_name(null) == {"clip": null}
    with pytest.raises(ValueError, match="one name: clip, clip"):
        nulls_by_name(null, null)
