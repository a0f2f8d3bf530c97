"""Every popular claim has a protocol or a reason, and the page is the one that the files make."""

import re
import runpy
from pathlib import Path

import pytest

from mimicry.errors import ProtocolError
from mimicry.protocol import list_protocols, load_protocol

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "claims.md"
_SCRIPT = runpy.run_path(str(ROOT / "scripts" / "claims_page.py"))
claims_page, read_needs, read_rows = (
    _SCRIPT[name] for name in ("claims_page", "read_needs", "read_rows")
)


def test_all_47_claims_are_there_and_have_a_protocol_or_a_reason() -> None:
    rows = read_rows()
    assert list(rows) == [f"R{k:02d}" for k in range(1, 48)]
    tested = {row for name in list_protocols() for row in load_protocol(name).file.claims}
    assert tested | {row for row, text in rows.items() if "why_not" in text} == set(rows)


def test_the_page_in_the_docs_is_made_from_the_files() -> None:
    assert PAGE.read_text(encoding="utf-8") == claims_page(read_needs()), (
        "run: python scripts/claims_page.py --out docs/claims.md"
    )


def test_numbers_of_another_version_of_a_protocol_are_refused() -> None:
    needs = read_needs()
    changed = needs | {"trait-empathy": needs["trait-empathy"] | {"basis": "old"}}
    with pytest.raises(ProtocolError, match="trait-empathy belongs to another version"):
        claims_page(changed)


def test_the_page_says_no_more_than_a_face_can_show() -> None:
    text = claims_page(read_needs()).lower()
    for word in ("mirror neuron", "resonance", "no mimicry", "deficit", "impair", "diagnos"):
        assert word not in text, word
    assert not re.search(r"\bbroken\b|\bbiomarker", text)


def test_planned_numbers_of_people_are_at_least_those_needed() -> None:
    for name, need in read_needs().items():
        assert load_protocol(name).file.power.participants >= 0.8 * need["people"], name
