"""Is a study's analysis the one that was preregistered? Every difference by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mimicry.blinding import MARKER, blind_study_of, lock_problems
from mimicry.errors import InputError
from mimicry.files import read_json_object, read_text, to_json_text
from mimicry.protocol import load_protocol
from mimicry.study.folder import read_table
from mimicry.study.freeze import read_prereg

__all__ = ["Difference", "Verification", "verify_study"]

_ABSENT = "not there"
_SCORES = {
    "inputs?": {"settings?": dict, "protocol?": {"digest?": (str, None)}},
    "versions?": dict,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which a study departs from its preregistration."""

    where: str
    key: str
    frozen: Any
    found: Any

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.where}: {self.key} was {_short(self.frozen)}, is {_short(self.found)}"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"where": self.where, "key": self.key, "frozen": self.frozen, "found": self.found}


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared with a preregistration, and what differs."""

    prereg: Path
    hash: str
    checked: tuple[str, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def verify_study(root: str | Path, prereg: str | Path | None = None) -> Verification:
    """Compare a study with its preregistration.

    Compared are the study's ``protocol.yaml`` (every value), the settings, seed, protocol and
    program version recorded beside every ``*_scores.tsv``, whether every recorded participant
    was scored or is listed in ``failures.tsv``, whether ``scores.tsv`` holds just these scores,
    and the analyses that were made of it.

    Parameters
    ----------
    root
        The study's folder.
    prereg
        The preregistration; None: ``prereg.json`` (or the one ``*_prereg.json``) in the study.

    Raises
    ------
    InputError
        When the study or the preregistration is missing.
    IntegrityError
        When the preregistration was changed after it was made.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise InputError("no such study folder", path=folder)
    path = Path(prereg) if prereg is not None else _own_prereg(folder)
    frozen = read_prereg(path)
    checked: list[str] = []
    found: list[Difference] = []
    notes: list[str] = []
    own = folder / "protocol.yaml"
    if own.is_file():
        checked.append(own.name)
        found += _protocol(own, frozen)
    results = folder / "derivatives" / "mimicry"
    sidecars = sorted(results.glob("**/*_scores.json"))
    for sidecar in sidecars:
        name = sidecar.relative_to(folder).as_posix()
        checked.append(name)
        found += _scores(name, read_json_object(sidecar, _SCORES), frozen)
    if not sidecars:
        notes.append("nothing has been scored yet, so only the protocol was compared")
    if sidecars:
        found += _participants(folder, results, sidecars)
        found += _whole_table(results, sidecars)
    found += _group_results(folder, results, frozen)
    blind = blind_study_of(folder)
    if blind is not None and (sidecars or blind.locked):
        checked.append(MARKER)
        found += [
            Difference(where, "quality control", a, b) for where, a, b in lock_problems(blind)
        ]
    if not checked:
        raise InputError(
            "nothing to compare: no protocol.yaml and no scores",
            path=folder,
            hint="Name the study's own folder.",
        )
    return Verification(path, frozen["hash"], tuple(checked), tuple(found), tuple(notes))


def _own_prereg(folder: Path) -> Path:
    named = folder / "prereg.json"
    if named.is_file():
        return named
    others = sorted(folder.glob("*_prereg.json"))
    if len(others) == 1:
        return others[0]
    found = f"{len(others)} preregistrations" if others else "no preregistration"
    raise InputError(
        f"{found} in the study, expected one",
        path=folder,
        key="--prereg",
        hint="Name it with --prereg FILE, or make one with: mimicry prereg PROTOCOL --study STUDY",
    )


def _protocol(path: Path, frozen: Mapping[str, Any]) -> Iterator[Difference]:
    content = load_protocol(path).content()
    # the study's copy may have another file name than the protocol had
    expected = {k: v for k, v in frozen["content"].items() if k != "name"}
    yield from _compare(path.name, expected, {k: v for k, v in content.items() if k != "name"})


def _scores(
    name: str, sidecar: Mapping[str, Any], frozen: Mapping[str, Any]
) -> Iterator[Difference]:
    inputs = sidecar.get("inputs", {})
    yield from _compare(name, frozen["settings"], inputs.get("settings", {}), "settings")
    digest = inputs.get("protocol", {}).get("digest")
    if digest != frozen["protocol"]["digest"]:
        yield Difference(name, "protocol.digest", frozen["protocol"]["digest"], digest)
    version = sidecar.get("versions", {}).get("mimicry")
    if version != frozen["mimicry"]:
        yield Difference(name, "mimicry version", frozen["mimicry"], version)


def _participants(folder: Path, results: Path, sidecars: list[Path]) -> Iterator[Difference]:
    scored = {path.name.removesuffix("_scores.json") for path in sidecars}
    failures = results / "failures.tsv"
    failed = read_text(failures) if failures.is_file() else ""
    for events in sorted(folder.glob("sub-*/**/*_events.tsv")):
        prefix = events.name.removesuffix("_events.tsv")
        if prefix not in scored and prefix not in failed:
            yield Difference(
                events.relative_to(folder).as_posix(),
                "scores",
                "one table for every recording",
                "not scored and not listed in failures.tsv",
            )


def _whole_table(results: Path, sidecars: list[Path]) -> Iterator[Difference]:
    """The study's table must hold each participant's rows as they were scored, and no others."""
    whole = results / "scores.tsv"
    if not whole.is_file():
        return
    table = read_table(whole)
    keys = ["participant", "session", "block", "trial_id"]
    parts = []
    for sidecar in sidecars:
        own = sidecar.with_suffix(".tsv")
        if not own.is_file():
            yield Difference(own.name, "file", "beside its sidecar", _ABSENT)
            continue
        parts.append(read_table(own))
    seen = [dict(row) for part in parts for row in part.to_dict("records")]
    expected = {tuple(row.get(k, "") for k in keys): row for row in seen}
    there = {tuple(row.get(k, "") for k in keys): row for row in table.to_dict("records")}
    for key in sorted(expected.keys() - there.keys()):
        yield Difference(whole.name, _trial(key), "a row", _ABSENT)
    for key in sorted(there.keys() - expected.keys()):
        yield Difference(whole.name, _trial(key), _ABSENT, "a row")
    for key in sorted(expected.keys() & there.keys()):
        for column, value in expected[key].items():
            other = there[key].get(column)
            if value != other and not (value != value and other != other):
                yield Difference(whole.name, f"{_trial(key)}, {column}", value, other)


def _trial(key: tuple[str, ...]) -> str:
    return "trial " + "/".join(part for part in key if part)


def _group_results(folder: Path, results: Path, frozen: Mapping[str, Any]) -> Iterator[Difference]:
    for sidecar in sorted(results.glob("group_*.json")):
        content = read_json_object(sidecar, {"settings?": dict})
        used = content.get("settings", {}).get("protocol")
        if isinstance(used, str) and used != frozen["protocol"]["digest"]:
            name = sidecar.relative_to(folder).as_posix()
            yield Difference(name, "protocol.digest", frozen["protocol"]["digest"], used)


def _compare(where: str, frozen: Any, found: Any, key: str = "") -> Iterator[Difference]:
    if isinstance(frozen, Mapping) and isinstance(found, Mapping):
        for name in sorted({*frozen, *found}):
            inner = f"{key}.{name}" if key else str(name)
            yield from _compare(where, frozen.get(name, _ABSENT), found.get(name, _ABSENT), inner)
    elif to_json_text(frozen) != to_json_text(found):
        yield Difference(where, key, frozen, found)


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else text[:77] + "..."
