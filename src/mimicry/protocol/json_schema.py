"""The JSON Schema of protocol files, for editors that complete and check while one types."""

import copy
from typing import Any

from mimicry.protocol.schema import ProtocolFile

__all__ = ["json_schema"]

_PAUSE = {
    "description": "Pause between trials in seconds.",
    "anyOf": [
        {"type": "number", "minimum": 0},
        {
            "type": "array",
            "items": {"type": "number", "minimum": 0},
            "minItems": 2,
            "maxItems": 2,
            "description": "From low to high, drawn evenly.",
        },
        {
            "type": "object",
            "properties": {"values": {"type": "array", "items": {"type": "number", "minimum": 0}}},
            "required": ["values"],
            "additionalProperties": False,
            "description": "One of these values.",
        },
    ],
}


def json_schema() -> dict[str, Any]:
    """Return the schema. A file with ``extends`` may leave keys out and set them to null.

    Examples
    --------
    >>> json_schema()["title"]
    'mimicry protocol'
    """
    full = ProtocolFile.model_json_schema()
    definitions = full.pop("$defs")
    definitions["Timing"]["properties"]["iti_s"] = _PAUSE
    definitions.pop("Jitter")
    definitions["Whole"] = full
    changes = {f"Change_{name}": _loosened(part) for name, part in definitions.items()}
    changes["Change_Whole"]["required"] = ["name", "extends", "provenance"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mimicry protocol",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/Change_Whole"},
        "else": {"$ref": "#/$defs/Whole"},
        "$defs": {**definitions, **changes},
    }


def _loosened(part: dict[str, Any]) -> dict[str, Any]:
    """Return a definition in which nothing is required and null takes a key away."""
    part = copy.deepcopy(part)
    part.pop("required", None)
    part.pop("minProperties", None)
    for name, value in part.get("properties", {}).items():
        part["properties"][name] = _or_null(_pointed(value))
    return part


def _pointed(value: Any) -> Any:
    """Let every reference point to the loosened definition."""
    if isinstance(value, list):
        return [_pointed(v) for v in value]
    if not isinstance(value, dict):
        return value
    changed = {k: _pointed(v) for k, v in value.items() if k != "minProperties"}
    if "$ref" in changed:
        changed["$ref"] = changed["$ref"].replace("#/$defs/", "#/$defs/Change_")
    if isinstance(inner := changed.get("additionalProperties"), dict):
        changed["additionalProperties"] = _or_null(inner)
    if isinstance(inner := changed.get("patternProperties"), dict):
        changed["patternProperties"] = {k: _or_null(v) for k, v in inner.items()}
    return changed


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [value, {"type": "null"}]}
