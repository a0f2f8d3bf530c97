"""A resolved protocol as text: every value with its origin."""

import json
from typing import TYPE_CHECKING, Any

from mimicry.protocol.origins import NEEDS_PROVENANCE
from mimicry.protocol.positions import Key

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["resolved_rows", "resolved_text", "written_out"]

COMMENT_COLUMN = 58


def written_out(protocol: "Protocol", *, manifest: str | None) -> str:
    """Return the protocol in full as YAML, as a study keeps it: it depends on no other file.

    Parameters
    ----------
    protocol
        A checked protocol.
    manifest
        What its ``stimuli.manifest`` shall say.
    """
    import yaml

    content = protocol.file.model_dump(mode="json", exclude={"extends"})
    content["stimuli"]["manifest"] = manifest
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return text


def resolved_rows(protocol: "Protocol") -> list[dict[str, Any]]:
    """Return one row for every value: key, value, provenance, file, line.

    A value that stands in no file is a default of the schema (file None).
    """
    rows = []
    for key, value in protocol.leaves():
        exact = key in protocol.origins or _stands(protocol, key)
        origin = (protocol.origins.get(key) or protocol.origins.get(key[:-1])) if exact else None
        rows.append(
            {
                "key": ".".join(map(str, key)),
                "value": value,
                "provenance": _provenance(key, origin.provenance if origin else ""),
                "file": origin.file if origin else None,
                "line": origin.line if origin else None,
            }
        )
    return rows


def resolved_text(protocol: "Protocol") -> str:
    """Return the resolved protocol as YAML with the origin of every value in a comment."""
    rows = {row["key"]: row for row in resolved_rows(protocol)}
    lines = [f"# {protocol.name}: resolved, with the origin of every value"]
    lines += [f"# digest {protocol.digest}"]
    _write(protocol.content(), (), rows, lines, protocol.path.name)
    return "\n".join(lines) + "\n"


def _stands(protocol: "Protocol", key: Key) -> bool:
    """Tell whether a value is written in a file as part of a short form (``iti_s: 2``)."""
    return key[:2] == ("timing", "iti_s") and key[:2] in protocol.origins


def _provenance(key: Key, entry: str) -> str:
    if key[0] not in NEEDS_PROVENANCE:
        return ""
    return entry or "default"


def _write(
    value: Any, key: Key, rows: dict[str, dict[str, Any]], lines: list[str], file: str
) -> None:
    indent = "  " * len(key)
    for name, part in value.items():
        here = (*key, name)
        if isinstance(part, dict) and part:
            lines.append(f"{indent}{name}:")
            _write(part, here, rows, lines, file)
            continue
        row = rows[".".join(map(str, here))]
        text = f"{indent}{name}: {json.dumps(part, ensure_ascii=False)}"
        origin = row["provenance"]
        if row["file"] is None:
            origin = "schema default" if origin else ""
        elif row["file"] != file:
            origin = f"{origin}; from {row['file']}:{row['line']}".removeprefix("; ")
        lines.append(f"{text.ljust(COMMENT_COLUMN)}  # {origin}" if origin else text)
