"""Pictures lie packed in memory before code that is not Python sees them."""

import ast
from pathlib import Path

import numpy as np
import pytest

import mimicry
from mimicry.kernels.pictures import packed

WANT_PACKED = ("Image", "from_ndarray", "imencode", "imwrite", "tofile")


def test_a_packed_picture_is_handed_on_and_any_other_is_copied():
    whole = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    assert packed(whole) is whole
    for odd in (whole[:, :17], whole[..., ::-1], whole[::-1], np.rot90(whole), whole[:, :, 0]):
        found = packed(odd)
        assert found.flags.c_contiguous
        assert np.array_equal(found, odd)


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4, 3)), np.zeros(4, np.uint8), np.zeros((4, 4, 4), np.uint8)]
)
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(ValueError, match="no picture"):
        packed(wrong)


def test_every_call_that_hands_out_a_picture_packs_it():
    """A new detector or encoder call that forgets fails here, not in a laboratory."""
    found = []
    for path in sorted(Path(mimicry.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in WANT_PACKED:
                handed = [*node.args, *(k.value for k in node.keywords)]
                made = [a.func.id for a in handed if isinstance(a, ast.Call) and _named(a)]
                found.append((f"{path.name}:{node.lineno} {node.func.attr}", "packed" in made))
    assert len(found) > 5
    assert [where for where, good in found if not good] == []


def _named(call):
    return isinstance(call.func, ast.Name)
