"""The groups of a study: exclusions, claims, contrasts, differences, refused latencies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimicry import __version__
from mimicry.analyses.claims import CLAIM_COLUMNS, claim_rows
from mimicry.analyses.columns import GROUP_COLUMNS
from mimicry.analyses.comparisons import (
    CELL,
    COMPARED,
    MEASURES,
    TESTED,
    compared_rows,
    mean_rows,
    trials_of,
)
from mimicry.analyses.exclusions import EXCLUSION_COLUMNS, exclusion_rows, exclusion_sentences
from mimicry.analyses.grouping import group_of, with_groups
from mimicry.errors import InputError
from mimicry.files import Results, digest
from mimicry.statistics.refusals import latency_refusals
from mimicry.study.blind import require_unmasked
from mimicry.study.completeness import find_gaps, settle
from mimicry.study.folder import (
    SUMMARY,
    Study,
    joint_paths,
    not_joined,
    read_joint,
    read_scores,
)
from mimicry.study.layout import CLAIMS, CONTRASTS, DIFFERENCES, GROUP, GROUP_REPORT, LOST, REFUSALS
from mimicry.study.participants import read_people
from mimicry.study.scored_with import check_same_stimuli
from mimicry.study.tables import numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GroupTables", "group_tables", "read_summary", "refusals_of"]


@dataclass(frozen=True, slots=True, eq=False)
class GroupTables:
    """What a study says about its groups.

    Parameters
    ----------
    exclusions
        One row for each question whether what was lost differs by condition or group.
    contrasts
        One row for each session, phase, condition, measure and group: the mean against 0.
    differences
        One row for each group against the control group: difference, reduction, gate.
    refusals
        How many have no latency, and why.
    claims
        One row for each session, phase, condition and group: what its raw contrast supports,
        and how many people each claim is made of.
    by, control
        The column that names the groups, and the group that the others are compared with.
    made_from
        What the tables were computed from. JSON types only.
    gaps
        What the study lacks, one sentence each; empty for a complete one.
    lost
        What was lost more often on one side than on the other, one sentence each.
    analysed
        The same for people: study, protocol, how many people and trials.
    """

    exclusions: "pd.DataFrame"
    contrasts: "pd.DataFrame"
    differences: "pd.DataFrame"
    refusals: "pd.DataFrame"
    claims: "pd.DataFrame"
    by: str
    control: str | None
    made_from: Mapping[str, Any]
    analysed: Mapping[str, Any]
    gaps: Sequence[str] = ()
    lost: Sequence[str] = ()

    def write(self, folder: Path, *, overwrite: bool = False) -> list[Path]:
        """Write ``group_*.tsv``, ``group.json`` and ``report.html``; return their paths.

        Raises
        ------
        OutputExistsError
            When results of other inputs or settings lie there.
        """
        from mimicry.report.group import render_groups

        made_from = digest([self.made_from, __version__])
        return Results(folder, f"{GROUP}.json", made_from, overwrite).write(
            {
                LOST: lambda _: self.exclusions,
                CLAIMS: lambda _: self.claims,
                CONTRASTS: lambda _: self.contrasts,
                DIFFERENCES: lambda _: self.differences,
                REFUSALS: lambda _: self.refusals,
                GROUP_REPORT: lambda _: render_groups(self),
            },
            {
                "settings": self.made_from,
                "analysed": self.analysed,
                "warnings": [*self.gaps, *self.lost],
                "columns": GROUP_COLUMNS,
            },
        )


def group_tables(
    study: Study,
    *,
    by: str | None = None,
    control: str | None = None,
    incomplete: bool = False,
) -> GroupTables:
    """Return means, differences and refused latencies of a study's groups.

    Parameters
    ----------
    study
        From :func:`mimicry.study.open_study`; it must have been scored.
    by
        Column of ``participants.tsv`` that names the groups; None: ``group``, or, where there
        is no such column, everybody together.
    control
        The group that the others are compared with; None: the one that the protocol predicts
        to respond more, or no comparison.
    incomplete
        Go on without the recordings that are not scored and the people who have no results or
        no row in ``participants.tsv``, and say so; otherwise such a study is refused.

    Returns
    -------
    GroupTables

    Raises
    ------
    InputError
        When the study is blind, not scored or not complete, the column or group is unknown, or
        a table of the study contradicts itself.
    """
    require_unmasked(study.root)
    check_same_stimuli(study.root)
    people, plain = read_people(study.root), read_summary(study.results)
    summary, name = with_groups(plain, people, by), by or "group"
    gaps = find_gaps(
        study,
        people,
        plain["participant"],
        groups=group_of(people, by),
        not_joined=not_joined(study.results, SUMMARY, plain),
    )
    sentences = settle(gaps, study, incomplete=incomplete)
    scored = summary[summary["comparison"] != ""] if "comparison" in summary.columns else summary
    groups = sorted(map(str, summary[name].unique()))
    against = _control(study, name, groups, control)
    settings, table = study.protocol.scoring_settings(), None
    if joint_paths(study.results, "scores"):
        table = read_scores(study)
    trials = {} if table is None else trials_of(table, settings)
    known = None if table is None else with_groups(table, people, by)
    lost = list(exclusion_rows(known, summary, name, settings))
    where = [*CELL, "measure", name]
    means = list(mean_rows(scored, name, trials))
    return GroupTables(
        exclusions=_frame(lost, [*CELL, *EXCLUSION_COLUMNS]),
        contrasts=_frame(means, [*where, *TESTED]),
        differences=_frame(
            compared_rows(scored, name, against, trials), [*where, "control", *COMPARED]
        ),
        refusals=refusals_of(summary, name),
        claims=_frame(claim_rows(scored, means, name, settings), [*CELL, name, *CLAIM_COLUMNS]),
        by=name,
        control=against,
        made_from={
            "protocol": study.protocol.digest,
            "by": name,
            "control": against,
            "summary": digest(summary.to_csv(index=False)),
            **({} if table is None else {"scores": digest(table.to_csv(index=False))}),
            **({"incomplete": gaps.to_json()} if gaps else {}),
        },
        gaps=sentences,
        lost=exclusion_sentences(lost),
        analysed=_analysed(study, summary, name, table),
    )


def _analysed(
    study: Study, summary: "pd.DataFrame", by: str, scores: "pd.DataFrame | None"
) -> dict[str, Any]:
    """Describe what went in: people by group, and trials where there is a table of them."""
    people = summary.drop_duplicates("participant")[by].astype(str)
    trials = None
    if scores is not None:
        valid = scores["valid"] == 1
        trials = {"total": len(valid), "valid": int(valid.sum())}
    return {
        "study": study.name,
        "folder": study.root.resolve().name,
        "protocol": study.protocol.name,
        "digest": study.protocol.digest,
        "people": len(people),
        "groups": {str(k): int(n) for k, n in people.value_counts(sort=False).items()},
        "trials": trials,
    }


def refusals_of(summary: "pd.DataFrame", by: str) -> "pd.DataFrame":
    """Return :func:`latency_refusals` of a study, empty texts as missing."""
    return latency_refusals(summary, by=by).replace({"": None})


def read_summary(results: Path) -> "pd.DataFrame":
    """Return the condition tables of all participants, one below the other.

    Read from ``summary.tsv`` in the folder of results, or, where that is missing, from every
    participant's own ``*_summary.tsv`` below it.

    Raises
    ------
    TableError
        When there are none, or one of them is wrong (:func:`mimicry.study.folder.read_joint`).
    """
    summary = read_joint(results, SUMMARY)
    measured = [name for name in MEASURES if name in summary.columns]
    numbers(summary, measured, results)
    return summary


def _control(study: Study, by: str, groups: list[str], named: str | None) -> str | None:
    """Return the group that the others are compared with."""
    if named is not None:
        if named not in groups:
            raise InputError(
                f"no group {named!r}; the study has {', '.join(groups)}", key="`control`"
            )
        return named
    planned = study.protocol.file.analysis.primary.between
    if planned is not None and planned.factor == by and planned.more in groups:
        return planned.more
    return None


def _frame(rows: Iterable[dict[str, Any]], columns: list[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(rows), columns=columns).replace({"": None})
