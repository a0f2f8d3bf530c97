"""The extracted recordings of a study: action units with events, once each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mimicry.errors import InputError
from mimicry.study.completeness import find_gaps, settle
from mimicry.study.folder import Study
from mimicry.study.layout import AU_CSV, AU_PARQUET, entities, key_of, recordings
from mimicry.study.participants import one_spelling, read_people

__all__ = ["Extracted", "extracted", "gaps_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """An extracted recording of a study, with its events."""

    participant: str
    session: str
    au_table: Path
    events: Path


def extracted(study: Study) -> list[Extracted]:
    """Return every recording with events whose action units are there, once each."""
    tables: dict[str, list[Path]] = {}
    for path in sorted(study.results.rglob("*")):
        if path.name.endswith((AU_PARQUET, AU_CSV)) and not path.name.startswith("."):
            key = key_of(path.relative_to(study.results).as_posix())
            tables.setdefault(key, []).append(path)
    result = []
    for recording in recordings(study.root):
        own_tables = tables.get(recording.key, [])
        if len(own_tables) > 1:
            first, second = (table.name for table in own_tables[:2])
            raise InputError(
                f"two tables of action units for one recording, {first} and {second}",
                path=own_tables[0].parent,
                hint="Keep one of them: the person would count twice.",
            )
        parts = entities(recording.prefix)
        for table in own_tables:
            person, visit = parts.get("sub", recording.prefix), parts.get("ses", "")
            result.append(Extracted(person, visit, table, recording.events))
    if not result:
        raise InputError(
            "no action-unit table with events found",
            path=study.results,
            hint="Extract the recordings first: mimicry batch STUDY.",
        )
    one_spelling((r.participant for r in result), "the same participant", study.root, "participant")
    return result


def gaps_of(
    study: Study, analysed: Sequence[Extracted], *, incomplete: bool
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return what the study lacks: sentences, and what the sidecar keeps of it."""
    done = {r.events for r in analysed}
    gaps = find_gaps(
        study,
        read_people(study.root),
        [r.participant for r in analysed],
        done=lambda recording: recording.events in done,
    )
    sentences = settle(gaps, study, incomplete=incomplete)
    return sentences, {"incomplete": gaps.to_json()} if gaps else {}
