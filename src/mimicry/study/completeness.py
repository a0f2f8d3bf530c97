"""Is everybody and every recording of a study in its results? Said before anything is averaged."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from mimicry.errors import InputError, QualityWarning
from mimicry.study.failures import read_failures, unfinished
from mimicry.study.layout import PERSON, Recording, recordings
from mimicry.study.participants import People

if TYPE_CHECKING:
    from mimicry.study.folder import Study

__all__ = ["Gaps", "find_gaps", "settle"]

_SHOWN = 5
_SAYS = {
    "not_scored": ("recording has no results", "recordings have no results"),
    "failed": ("recording failed", "recordings failed"),
    "not_joined": ("recording is scored but not in the study's table",
                   "recordings are scored but not in the study's table"),
    "without_row": ("person in the results has no row in participants.tsv",
                    "people in the results have no row in participants.tsv"),
    "without_results": ("person in participants.tsv has no results",
                        "people in participants.tsv have no results"),
    "without_group": ("person has no group", "people have no group"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gaps:
    """What a study lacks: keys of recordings, and people as ``sub-01``."""

    not_scored: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    not_joined: tuple[str, ...] = ()
    without_row: tuple[str, ...] = ()
    without_results: tuple[str, ...] = ()
    without_group: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) for f in fields(self))

    def to_json(self) -> dict[str, Any]:
        """Return what is lacking, as JSON types."""
        return {f.name: list(v) for f in fields(self) if (v := getattr(self, f.name))}

    def sentences(self) -> tuple[str, ...]:
        """Return one clause for each kind, with count and names."""
        return tuple(
            f"{len(names)} {_SAYS[f.name][len(names) > 1]} ({_listed(names)})"
            for f in fields(self)
            if (names := getattr(self, f.name))
        )


def find_gaps(
    study: "Study",
    people: People | None,
    present: Iterable[str],
    *,
    done: Callable[[Recording], bool] = lambda recording: recording.scored,
    groups: dict[str, str] | None = None,
    not_joined: Iterable[str] = (),
) -> Gaps:
    """Return what is missing from a study's results.

    Parameters
    ----------
    study
        The study.
    people
        Its participants; None: not listed, so nobody can be missing.
    present
        Labels of the people in the results.
    done
        Tells whether a recording has what the analysis needs.
    groups
        Label -> group, where groups are compared.
    not_joined
        Keys of recordings that are scored but not in the study's table.
    """
    failures = read_failures(study.results)
    failed = [r.key for r in recordings(study.root) if failures.of(r) is not None]
    undone = [r.key for r in unfinished(study.root, done=done)]
    analysed = sorted(set(map(str, present)))
    known = [] if people is None else list(people.labels)
    listed = people is not None
    return Gaps(
        not_scored=tuple(undone),
        failed=tuple(failed),
        not_joined=tuple(not_joined),
        without_row=_named(p for p in analysed if listed and p not in known),
        without_results=_named(p for p in known if p not in analysed),
        without_group=_named(
            p for p in analysed if groups is not None and p in known and p not in groups
        ),
    )


def _named(labels: Iterable[str]) -> tuple[str, ...]:
    """Names by which a withdrawal finds the person again in what is written of them."""
    return tuple(f"{PERSON}{label}" for label in labels)


def settle(gaps: Gaps, study: "Study", *, incomplete: bool) -> tuple[str, ...]:
    """Refuse a study with gaps; with `incomplete` warn of each, and return the sentences.

    Raises
    ------
    InputError
        When there are gaps and `incomplete` is False.
    """
    sentences = gaps.sentences()
    if gaps and not incomplete:
        raise InputError(
            f"the study is not complete: {'; '.join(sentences)}",
            path=study.root,
            hint=_hint(gaps),
        )
    for text in sentences:
        warnings.warn(QualityWarning(f"incomplete study: {text}"), stacklevel=3)
    return sentences


def _hint(gaps: Gaps) -> str:
    ours, theirs = (
        {p.removeprefix(PERSON).lstrip("0") for p in people}
        for people in (gaps.without_row, gaps.without_results)
    )
    if ours & theirs:
        return (
            "The labels differ by leading zeros alone, which spreadsheets take away: write them "
            "in participants.tsv as the results have them."
        )
    first = ""
    if gaps.not_scored or gaps.not_joined:
        first = "Finish it with: mimicry batch STUDY. "
    elif gaps.failed:
        first = "failures.tsv says why; where it can be mended, then: mimicry batch STUDY. "
    elif gaps.without_row or gaps.without_results or gaps.without_group:
        first = "Complete participants.tsv. "
    return f"{first}Or go on with what is there: `incomplete=True`."


def _listed(names: tuple[str, ...]) -> str:
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
