"""Preregistration: everything that decides the analysis, in one document with a hash."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry import __version__
from mimicry.errors import InputError, IntegrityError, OutputExistsError
from mimicry.files import (
    digest,
    make_folder,
    read_json_object,
    to_json_text,
    write_json,
    write_text,
)
from mimicry.protocol import Protocol
from mimicry.study.scoring_log import now

if TYPE_CHECKING:
    from mimicry.timeline.manifest import StimulusSet

__all__ = ["freeze", "read_prereg", "render_prereg", "unhashed", "write_prereg"]

FORMAT = 2
# beside the plan, not in it: the same plan has the same hash whenever it is frozen
_UNHASHED = ("hash", "frozen_at")


def freeze(protocol: Protocol, stimuli: "StimulusSet | None" = None) -> dict[str, Any]:
    """Return the preregistration of a protocol.

    Parameters
    ----------
    protocol
        From :func:`mimicry.protocol.load_protocol`, with everything it inherits.
    stimuli
        The stimuli that will be shown, from :meth:`mimicry.protocol.Protocol.timelines`;
        None: those that hold without a study.

    Returns
    -------
    dict
        Hypothesis, primary contrast with its smallest effect of interest, groups compared,
        windows, action-unit map, exclusions, scoring settings with seeds, design, planned
        sample, checksum of the stimulus manifest, the options of scoring, the whole resolved
        protocol, and ``hash``: a SHA-256 over all the rest. Equal protocols and stimuli give
        equal documents; the time of freezing is added by :func:`write_prereg`.
    """
    shown = stimuli if stimuli is not None else protocol.timelines()
    document = {**derived(protocol), "stimuli": {"manifest": shown.sha256}, "options": OPTIONS}
    return {**document, "hash": digest(document)}


#: What a user could choose when scoring; a plan holds no such choice.
OPTIONS: Mapping[str, Any] = {"neutral": None, "reading": {}}


def derived(protocol: Protocol) -> dict[str, Any]:
    """Return everything in a preregistration that follows from the protocol alone."""
    file = protocol.file
    content = protocol.content()
    settings = protocol.scoring_settings().to_json()
    primary = protocol.file.analysis.primary
    return {
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
        "windows": {
            "primary": settings["primary_window"],
            "baseline": settings["baseline_s"],
            **{f"window {name}": span for name, span in settings["windows"].items()},
        },
        "groups": {
            "by": primary.between.factor if primary.between else "group",
            "control": primary.between.more if primary.between else None,
        },
        "action_units": settings["emotions"],
        "seeds": {"design": file.design.seed, "scoring": settings["seed"]},
        "sample": content["power"],
        "settings": settings,
        "content": content,
    }


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
    """Write the document with the time as JSON and, beside it, as text to read (``.md``).

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
                hint="Choose another `out`; keep both, and say why the plan changed.",
            )
        return [path, readable]
    dated = {**document, "frozen_at": now()}
    write_text(readable, render_prereg(dated))
    write_json(path, dated)
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
    try:
        document = read_json_object(Path(path), _SHAPE)
    except InputError as error:
        raise InputError(
            f"not a preregistration: {error.message}",
            path=path,
            key=error.key,
            hint="Make one with: mimicry prereg PROTOCOL",
        ) from error
    if document["format"] not in (1, FORMAT):
        raise InputError(
            f"its format is {document['format']!r}; this version reads 1 and {FORMAT}",
            path=path,
            key="format",
        )
    hashed = digest(unhashed(document))
    if hashed != document["hash"]:
        raise IntegrityError(
            f"the preregistration was changed after it was made: its content has the hash "
            f"{hashed[:12]}, it says {str(document['hash'])[:12]}",
            path=path,
            key="hash",
            hint="Take the file that was registered.",
        )
    return document


_BETWEEN = {"factor": str, "more": str, "less": str}
_SHAPE = {
    "format": int,
    "hash": str,
    "mimicry": str,
    "protocol": {"name": str, "title": str, "digest": str},
    "hypothesis": dict,
    "primary": {"condition": str, "block": str, "between": (None, _BETWEEN)},
    "secondary": list,
    "gate": str,
    "exclusions": {"rules": list, "validity": dict},
    "action_units": {"*": {"targets": [str], "opponents": [str]}},
    "seeds": dict,
    "sample": {"participants": int},
    "settings": {"primary_window": str, "seed": int},
    "content": {"analysis": dict, "design": {"groups": dict}},
    "stimuli?": {"manifest": str},
    "options?": dict,
    "windows?": dict,
    "groups?": dict,
}


def unhashed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan without its hash and without the time of freezing."""
    return {name: value for name, value in document.items() if name not in _UNHASHED}


def render_prereg(document: Mapping[str, Any]) -> str:
    """Return the preregistration as Markdown to read and to paste into a registry.

    The text depends on the values alone, not on the order of keys, which JSON does not keep.
    """
    document = json.loads(to_json_text(document))
    rules = document["exclusions"]
    secondary, excluded = (
        [f"- {_line(text)}" for text in texts or ["none"]]
        for texts in (document["secondary"], rules["rules"])
    )
    gate = f"To be read only if: {document['gate']}"
    settings = to_json_text(document["settings"]).rstrip()
    lines = [
        f"# Preregistration: {document['protocol']['title']}",
        "",
        f"Protocol `{document['protocol']['name']}`, digest `{document['protocol']['digest']}`.",
        f"SHA-256 of this plan: `{document['hash']}`",
        "(of the JSON file beside this text, without its own `hash`).",
        f"Analysis program: mimicry {document['mimicry']}.",
        "",
        *_frozen_at(document),
        *_section("Hypothesis", _pairs(_told(document["hypothesis"]))),
        *_section("Primary test", [*_pairs(document["primary"]), "", gate]),
        *_section("Secondary", secondary),
        *_section("Sample", _pairs(document["sample"])),
        *_section("Exclusions", [*excluded, *_pairs(rules["validity"])]),
    ]
    if "groups" in document:
        lines += _section("Groups", _pairs(document["groups"]))
    maps = document["action_units"].items()
    lines += _section("Action units", [_emotion(name, emotion) for name, emotion in maps])
    lines += _section("Seeds", _pairs(document["seeds"]))
    if "stimuli" in document:
        manifest = _line(document["stimuli"]["manifest"])
        lines += _section("Stimuli", [f"Manifest with the SHA-256 `{manifest}`."])
    lines += _section("Scoring settings", ["```json", settings, "```"])
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""]


def _frozen_at(document: Mapping[str, Any]) -> list[str]:
    if "frozen_at" not in document:
        return []
    text = f"Frozen at {_line(document['frozen_at'])} by the clock of the computer it was made on."
    return [f"{text} That clock is no proof: the date of the registry is.", ""]


def _told(hypothesis: Mapping[str, Any]) -> dict[str, Any]:
    """Return a hypothesis with what is expected first, what would speak against it last."""
    order = [n for n in ("statement", "key_contrast", "supports") if n in hypothesis]
    return {n: hypothesis[n] for n in [*order, *(n for n in hypothesis if n not in order)]}


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [f"- {name.replace('_', ' ')}: {_line(value)}" for name, value in values.items()]


def _line(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_line(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_line(v) for v in value)
    return " ".join(str(value).split())


def _emotion(name: str, emotion: Mapping[str, Any]) -> str:
    return (
        f"- {name}: {', '.join(emotion['targets'])} (targets) minus "
        f"{', '.join(emotion['opponents'])} (opponents)"
    )
