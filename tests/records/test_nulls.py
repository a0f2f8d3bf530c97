"""The register of nulls."""

import pytest

from mimicry.records import Null, nulls_by_name


def test_two_nulls_of_one_name_are_refused():
    null = Null("clip", "", "", "", len)
    assert nulls_by_name(null) == {"clip": null}
    with pytest.raises(ValueError, match="one name: clip, clip"):
        nulls_by_name(null, null)
