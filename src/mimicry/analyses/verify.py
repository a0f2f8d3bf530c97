"""Compare a study's protocol, scores and people with those that were preregistered."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mimicry.analyses.differences import ABSENT, Difference, compare
from mimicry.analyses.prereg import read_prereg
from mimicry.analyses.verify_analyses import analysis_differences
from mimicry.analyses.verify_prereg import Order, order_of, plan_differences
from mimicry.errors import InputError
from mimicry.files import is_there, read_json_object
from mimicry.protocol import load_protocol
from mimicry.study.blind import Blind, blind_study_of, lock_problems
from mimicry.study.failures import unfinished
from mimicry.study.folder import SCORES
from mimicry.study.layout import JOINT_SCORES, LOCK, PREREG, PROTOCOL, RESULTS, SCORES_SIDECAR
from mimicry.study.layout import SCORES as OWN_SCORES
from mimicry.study.participants import read_people
from mimicry.study.tables import read_cells

__all__ = ["Difference", "Verification", "verify_study"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared with a preregistration, and what differs."""

    prereg: Path
    hash: str
    checked: tuple[str, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    order: Order


def verify_study(
    root: str | Path, prereg: str | Path | None = None, *, incomplete: bool = False
) -> Verification:
    """Compare a study with its preregistration.

    Compared are the preregistration with itself and its readable text, the study's
    ``protocol.yaml`` (every value), the settings, windows, seed, options, stimulus manifest,
    protocol and program version recorded beside every ``*_scores.tsv``, the number of people
    and their groups, whether every recording was scored or failed, whether ``scores.tsv``
    holds just these scores, the locked exclusions, the analyses that were made of them, and
    the time of freezing with that of the first scoring.

    Parameters
    ----------
    root
        The study's folder.
    prereg
        The preregistration; None: ``prereg.json`` (or the one ``*_prereg.json``) in the study.
    incomplete
        People and recordings that are still missing are noted and are no differences.

    Raises
    ------
    InputError
        When the study or the preregistration is missing, or a file of the study is not one.
    IntegrityError
        When the preregistration was changed after it was made.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise InputError("no such study folder", path=folder)
    path = Path(prereg) if prereg is not None else _own_prereg(folder)
    frozen = read_prereg(path)
    checked: list[str] = []
    differences: list[Difference] = list(plan_differences(path, frozen))
    notes: list[str] = []
    sidecars = sorted((folder / RESULTS).glob(f"**/*{SCORES_SIDECAR}"))
    for name, departures in _compared(folder, frozen, sidecars):
        checked += [name] if name else []
        differences += departures
    if not sidecars:
        notes.append("nothing has been scored yet, so only the protocol was compared")
    if not checked:
        raise InputError(
            "nothing to compare: no protocol.yaml and no scores",
            path=folder,
            hint="Name the study's own folder.",
        )
    order = order_of(frozen, sidecars)
    differences += order.differences(path.name)
    if order.known == "unknown":
        notes.append(order.sentence())
    if incomplete:
        notes += [f"not finished: {d}" for d in differences if d.when_finished]
        differences = [d for d in differences if not d.when_finished]
    return Verification(
        path, frozen["hash"], tuple(checked), tuple(differences), tuple(notes), order
    )


def _compared(
    folder: Path, frozen: Mapping[str, Any], sidecars: Sequence[Path]
) -> Iterator[tuple[str, list[Difference]]]:
    """Yield what was compared (empty: no file of its own), and where it departs from the plan."""
    results, protocol, blind = folder / RESULTS, folder / PROTOCOL, blind_study_of(folder)
    if is_there(protocol):
        yield protocol.name, list(_protocol(protocol, frozen))
    people: set[str] = set()
    for sidecar in sidecars:
        name = sidecar.relative_to(folder).as_posix()
        content = read_json_object(sidecar, _SIDECAR)
        excluded = _exclusions(name, content["inputs"], blind, _trials_of(sidecar))
        yield name, [*_scores(name, content, frozen), *excluded]
        people.add(str(content["inputs"].get("participant") or sidecar.parent.name))
    if sidecars:
        whole = _whole_table(results, sidecars)
        yield "", [*_unscored(folder), *_sample(people, frozen), *whole]
    yield "", list(_groups(folder, frozen))
    yield from analysis_differences(folder, results, frozen, blind)
    if blind is not None and (sidecars or blind.locked):
        yield (
            LOCK,
            [Difference(where, "quality control", a, b) for where, a, b in lock_problems(blind)],
        )


_SIDECAR = {"inputs": {"settings": dict, "protocol": dict}, "versions": dict, "stimuli?": dict}


def _own_prereg(folder: Path) -> Path:
    named = folder / PREREG
    if is_there(named):
        return named
    others = sorted(folder.glob(f"*_{PREREG}"))
    if len(others) == 1:
        return others[0]
    count = f"{len(others)} preregistrations" if others else "no preregistration"
    raise InputError(
        f"{count} in the study, expected one",
        path=folder,
        key="`prereg`",
        hint="Name it with `prereg=FILE`, or make one with: mimicry prereg PROTOCOL --study STUDY",
    )


def _protocol(path: Path, frozen: Mapping[str, Any]) -> Iterator[Difference]:
    content = load_protocol(path).content()
    # the study's copy may have another file name than the protocol had
    expected = {k: v for k, v in frozen["content"].items() if k != "name"}
    yield from compare(path.name, expected, {k: v for k, v in content.items() if k != "name"})


def _scores(
    name: str, sidecar: Mapping[str, Any], frozen: Mapping[str, Any]
) -> Iterator[Difference]:
    inputs = sidecar["inputs"]
    yield from compare(name, frozen["settings"], inputs["settings"], "settings")
    digest = inputs["protocol"].get("digest")
    if digest != frozen["protocol"]["digest"]:
        yield Difference(name, "protocol.digest", frozen["protocol"]["digest"], digest)
    version = sidecar["versions"].get("mimicry")
    if version != frozen["mimicry"]:
        yield Difference(name, "mimicry version", frozen["mimicry"], version)
    if "options" in frozen:
        used = {"neutral": inputs.get("neutral"), "reading": inputs.get("reading", {})}
        yield from compare(name, frozen["options"], used, "options")
    if "stimuli" in frozen:
        manifest = sidecar.get("stimuli", {}).get("sha256", ABSENT)
        yield from compare(name, frozen["stimuli"], {"manifest": manifest}, "stimuli")


def _exclusions(
    name: str, inputs: Mapping[str, Any], blind: Blind | None, trials: set[str] | None
) -> Iterator[Difference]:
    """Yield exclusions of a recording that were locked and not applied, or the other way round."""
    given = inputs.get("exclusions")
    decided = given if isinstance(given, Mapping) else {}
    person, visit = str(inputs.get("participant", "")), str(inputs.get("session", ""))
    rows = () if blind is None else blind.exclusions_for(person, visit)
    locked_rows = [r for r in rows if not r.trial_id or trials is None or r.trial_id in trials]
    if decided and not rows:
        yield Difference(name, "exclusions", "none", dict(decided))
        return
    for row in locked_rows:
        marked = decided if not row.trial_id else [k for k in decided if k == row.trial_id]
        if not any(row.reason in str(decided[k]) for k in marked):
            which = f"exclusion of trial {row.trial_id}" if row.trial_id else "exclusion"
            yield Difference(name, which, row.reason, ABSENT)
    if any(not row.trial_id for row in locked_rows):
        return
    locked = {row.trial_id for row in locked_rows}
    for trial, reason in decided.items():
        if trial not in locked:
            yield Difference(name, f"exclusion of trial {trial}", ABSENT, reason)


def _trials_of(sidecar: Path) -> set[str] | None:
    """Return the trials of a recording, from the table beside its sidecar; None without one."""
    table = sidecar.with_name(sidecar.name.removesuffix(SCORES_SIDECAR) + OWN_SCORES)
    cells = read_cells(table) if is_there(table) else None
    return None if cells is None or "trial_id" not in cells else set(cells["trial_id"])


def _unscored(folder: Path) -> Iterator[Difference]:
    for recording in unfinished(folder):
        yield Difference(
            recording.events.relative_to(folder).as_posix(),
            "scores",
            "one table for every recording",
            "not scored and not listed in failures.tsv",
            when_finished=True,
        )


def _sample(people: set[str], frozen: Mapping[str, Any]) -> Iterator[Difference]:
    planned = frozen["sample"].get("participants", ABSENT)
    if planned != len(people):
        fewer = isinstance(planned, int) and len(people) < planned
        yield Difference(
            RESULTS.as_posix(), "sample.participants", planned, len(people), when_finished=fewer
        )


def _groups(folder: Path, frozen: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield labels of the group column that were not planned."""
    people, planned = read_people(folder), frozen["content"]["design"].get("groups")
    column = (frozen["primary"].get("between") or {}).get("factor", "group")
    if people is None or not planned or column not in people.columns:
        return
    labels = sorted(set(people.groups(column).values()))
    others = [name for name in labels if name not in planned]
    if others:
        yield Difference(people.path.name, "design.groups", sorted(planned), labels)


def _whole_table(results: Path, sidecars: Sequence[Path]) -> Iterator[Difference]:
    """Yield rows of the study's table that are not as their recording was scored."""
    whole = results / JOINT_SCORES
    if not whole.is_file():
        return
    seen: list[dict[Any, str]] = []
    for sidecar in sidecars:
        table = sidecar.with_suffix(".tsv")
        if table.is_file():
            seen += read_cells(table).to_dict("records")
        else:
            yield Difference(table.name, "file", "beside its sidecar", ABSENT)
    expected, joined = _by_trial(seen), _by_trial(read_cells(whole).to_dict("records"))
    for key in sorted({*expected, *joined}):
        ours, theirs = expected.get(key, []), joined.get(key, [])
        if len(ours) != len(theirs):
            yield Difference(whole.name, _trial(key), _rows(len(ours)), _rows(len(theirs)))
            continue
        for one, other in zip(ours, theirs, strict=True):
            for column, value in one.items():
                if not _same(value, other.get(column)):
                    name = f"{_trial(key)}, {column}"
                    yield Difference(whole.name, name, value, other.get(column, ABSENT))


def _by_trial(rows: Sequence[Mapping[Any, str]]) -> dict[tuple[str, ...], list[Mapping[Any, str]]]:
    by_trial = defaultdict(list)
    for row in rows:
        by_trial[tuple(row.get(k, "") for k in SCORES.keys)].append(row)
    return by_trial


def _rows(count: int) -> str:
    return {0: ABSENT, 1: "a row"}.get(count, f"{count} rows")


def _same(one: str, other: str | None) -> bool:
    """Compare two cells; the same number may be written in two ways."""
    if one == other or other is None:
        return one == other
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _trial(key: tuple[str, ...]) -> str:
    return "trial " + "/".join(part for part in key if part)
