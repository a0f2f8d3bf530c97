"""Preregistration: everything that decides the analysis, in one document with a hash."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mimicry import __version__
from mimicry.errors import InputError, IntegrityError, OutputExistsError
from mimicry.files import (
    check_shape,
    digest,
    make_folder,
    read_json_object,
    to_json_text,
    write_json,
    write_text,
)
from mimicry.protocol import Protocol

__all__ = ["freeze", "read_prereg", "render_prereg", "write_prereg"]

FORMAT = 1
_SHAPE = {
    "hash": str,
    "mimicry": str,
    "protocol": {"name": str, "digest": str},
    "settings": dict,
    "content": dict,
}


def freeze(protocol: Protocol) -> dict[str, Any]:
    """Return the preregistration of a protocol.

    Parameters
    ----------
    protocol
        From :func:`mimicry.protocol.load_protocol`, with everything it inherits.

    Returns
    -------
    dict
        Hypothesis, primary contrast with its smallest effect of interest, action-unit map,
        exclusions, scoring settings with seeds, design, planned sample, the whole resolved
        protocol, and ``hash``: a SHA-256 over all the rest. Equal protocols give equal bytes.
    """
    file = protocol.file
    content = protocol.content()
    settings = protocol.scoring_settings().to_json()
    document: dict[str, Any] = {
        "format": FORMAT,
        "mimicry": __version__,
        "protocol": {"name": protocol.name, "title": file.title, "digest": protocol.digest},
        "hypothesis": content["hypothesis"],
        "primary": content["analysis"]["primary"],
        "secondary": content["analysis"]["secondary"],
        "gate": content["analysis"]["gate"],
        "exclusions": {
            "rules": content["analysis"]["exclusions"],
            "validity": {name: settings[name] for name in _VALIDITY},
        },
        "action_units": settings["emotions"],
        "seeds": {"design": file.design.seed, "scoring": settings["seed"]},
        "sample": content["power"],
        "settings": settings,
        "content": content,
    }
    return {**document, "hash": digest(document)}


_VALIDITY = (
    "bad_bins_fraction",
    "baseline_outlier_sd",
    "baseline_s",
    "bin_s",
    "max_gap_s",
    "min_fps",
    "min_trials",
    "min_trials_calibration",
    "min_trials_latency",
    "min_trials_z",
    "pose_limit_deg",
)


def write_prereg(document: Mapping[str, Any], path: Path) -> list[Path]:
    """Write the document as JSON and, beside it, as text to read (``.md``).

    Raises
    ------
    OutputExistsError
        When another preregistration lies there. It is never replaced.
    """
    make_folder(path.parent)
    readable = path.with_suffix(".md")
    if path.exists():
        if read_prereg(path)["hash"] != document["hash"]:
            raise OutputExistsError(
                "another preregistration is there already, and one is never replaced",
                path=path,
                hint="Choose another --out; keep both, and say why the plan changed.",
            )
        return [path, readable]
    write_text(readable, render_prereg(document))
    write_json(path, document)
    return [path, readable]


def read_prereg(path: str | Path) -> dict[str, Any]:
    """Return a preregistration whose hash is right.

    Raises
    ------
    InputError
        When the file is missing or no preregistration.
    IntegrityError
        When its content is not what was hashed.
    """
    document = read_json_object(Path(path))
    try:
        check_shape(document, _SHAPE, path=Path(path))
    except InputError as error:
        raise InputError(
            f"not a preregistration: {error.message}",
            path=path,
            key=error.key,
            hint="Make one with: mimicry prereg PROTOCOL",
        ) from error
    content = {name: value for name, value in document.items() if name != "hash"}
    if digest(content) != document["hash"]:
        raise IntegrityError(
            f"the preregistration was changed after it was made: its content has the hash "
            f"{digest(content)[:12]}, it says {str(document['hash'])[:12]}",
            path=path,
            key="hash",
            hint="Take the file that was registered.",
        )
    return document


def render_prereg(document: Mapping[str, Any]) -> str:
    """Return the preregistration as Markdown to read and to paste into a registry."""
    primary, sample = document["primary"], document["sample"]
    lines = [
        f"# Preregistration: {document['protocol']['title']}",
        "",
        f"Protocol `{document['protocol']['name']}`, digest `{document['protocol']['digest']}`.",
        f"SHA-256 of this plan: `{document['hash']}`",
        "(of the JSON file beside this text, without its own `hash`).",
        f"Analysis program: mimicry {document['mimicry']}.",
        "",
        "## Hypothesis",
        "",
        *_pairs(document["hypothesis"]),
        "",
        "## Primary test",
        "",
        *_pairs(primary),
        "",
        f"To be read only if: {document['gate']}",
        "",
        "## Secondary",
        "",
        *[f"- {_line(text)}" for text in document["secondary"] or ["none"]],
        "",
        "## Sample",
        "",
        *_pairs(sample),
        "",
        "## Exclusions",
        "",
        *[f"- {_line(text)}" for text in document["exclusions"]["rules"] or ["none"]],
        *_pairs(document["exclusions"]["validity"]),
        "",
        "## Action units",
        "",
        *[_emotion(name, m) for name, m in document["action_units"].items()],
        "",
        "## Seeds",
        "",
        *_pairs(document["seeds"]),
        "",
        "## Scoring settings",
        "",
        "```json",
        to_json_text(document["settings"]).rstrip(),
        "```",
        "",
    ]
    return "\n".join(lines)


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [f"- {name.replace('_', ' ')}: {_line(value)}" for name, value in values.items()]


def _line(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_line(v) for v in value)
    return " ".join(str(value).split())


def _emotion(name: str, emotion: Mapping[str, Any]) -> str:
    return (
        f"- {name}: {', '.join(emotion['targets'])} (targets) minus "
        f"{', '.join(emotion['opponents'])} (opponents)"
    )
