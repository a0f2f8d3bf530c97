"""The exported JSON Schema accepts what the checker accepts."""

from typing import Any, get_args

import jsonschema
import pytest
import yaml

from mimicry.protocol import list_protocols, load_protocol
from mimicry.protocol.json_schema import json_schema
from mimicry.protocol.schema_scored import Score
from mimicry.protocol.template import template_text


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", list_protocols())
def test_shipped_protocols_are_valid(validator: Any, name: str) -> None:
    validator.validate(yaml.safe_load(load_protocol(name).path.read_text(encoding="utf-8")))


def test_the_template_names_every_score() -> None:
    text = " ".join(template_text("mine").replace("#", " ").split())
    *first, last = get_args(Score)
    assert f"{', '.join(first)} or {last}" in text


@pytest.mark.parametrize("parent", [None, "dynamic-happy-angry"])
def test_templates_are_valid(validator: Any, parent: str | None) -> None:
    validator.validate(yaml.safe_load(template_text("mine", parent=parent)))


def test_a_variant_may_take_a_block_away(validator: Any) -> None:
    content = yaml.safe_load(template_text("mine", parent="dynamic-happy-angry"))
    validator.validate(content | {"blocks": {"imitate": None, "watch": {"repeats": 4}}})


@pytest.mark.parametrize("change", [{"blocks": {"watch": {"repaets": 4}}}, {"purpse": "x"}])
def test_unknown_keys_are_refused(validator: Any, change: dict[str, Any]) -> None:
    content = yaml.safe_load(template_text("mine", parent="dynamic-happy-angry"))
    assert not validator.is_valid(content | change)


def test_a_whole_file_must_be_whole(validator: Any) -> None:
    content = yaml.safe_load(template_text("mine"))
    del content["hypothesis"]
    assert not validator.is_valid(content)
