"""The groups of a study: contrasts, differences between groups, refused latencies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry import __version__
from mimicry.analyses.columns import GROUP_COLUMNS
from mimicry.analyses.grouping import group_of, with_groups
from mimicry.analyses.reliability import contrast_trials
from mimicry.errors import InputError
from mimicry.files import Results, digest
from mimicry.statistics.clips import clip_means, min_f
from mimicry.statistics.groups import TTest, one_sample, percent_reduction, pooled, two_samples
from mimicry.statistics.refusals import latency_refusals
from mimicry.statistics.reliability import ContrastTrials
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
from mimicry.study.layout import CONTRASTS, DIFFERENCES, GROUP, GROUP_REPORT, REFUSALS
from mimicry.study.participants import read_people
from mimicry.study.scored_with import check_same_stimuli
from mimicry.study.tables import numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GroupTables", "group_tables", "read_summary", "refusals_of"]

GATE_ALPHA = 0.05
RATIO_MEASURES = ("contrast_raw", "contrast_cal", "contrast_raw_late", "contrast_cal_late")
MEASURES = (
    *RATIO_MEASURES,
    "contrast",
    "contrast_late",
    "specificity",
    "r_peak_contrast",
    "hit_rate_difference",
)
_CELL = ["session", "phase", "condition"]


@dataclass(frozen=True, slots=True, eq=False)
class GroupTables:
    """What a study says about its groups.

    Parameters
    ----------
    contrasts
        One row for each session, phase, condition, measure and group: the mean against 0.
    differences
        One row for each group against the control group: difference, reduction, gate.
    refusals
        How many have no latency, and why.
    by, control
        The column that names the groups, and the group that the others are compared with.
    made_from
        What the tables were computed from. JSON types only.
    gaps
        What the study lacks, one sentence each; empty for a complete one.
    analysed
        The same for people: study, protocol, how many people and trials.
    """

    contrasts: "pd.DataFrame"
    differences: "pd.DataFrame"
    refusals: "pd.DataFrame"
    by: str
    control: str | None
    made_from: Mapping[str, Any]
    analysed: Mapping[str, Any]
    gaps: Sequence[str] = ()

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
                CONTRASTS: lambda _: self.contrasts,
                DIFFERENCES: lambda _: self.differences,
                REFUSALS: lambda _: self.refusals,
                GROUP_REPORT: lambda _: render_groups(self),
            },
            {
                "settings": self.made_from,
                "analysed": self.analysed,
                "warnings": list(self.gaps),
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
    trials = _trials(study)
    return GroupTables(
        contrasts=_frame(_means(scored, name, trials), [*_CELL, "measure", name, *_TESTED]),
        differences=_frame(
            _differences(scored, name, against, trials),
            [*_CELL, "measure", name, "control", *_COMPARED],
        ),
        refusals=refusals_of(summary, name),
        by=name,
        control=against,
        made_from={
            "protocol": study.protocol.digest,
            "by": name,
            "control": against,
            "summary": digest(summary.to_csv(index=False)),
            **({"incomplete": gaps.to_json()} if gaps else {}),
        },
        gaps=sentences,
        analysed=_analysed(study, summary, name),
    )


def _analysed(study: Study, summary: "pd.DataFrame", by: str) -> dict[str, Any]:
    """Describe what went in: people by group, and trials where there is a table of them."""
    people = summary.drop_duplicates("participant")[by].astype(str)
    trials = None
    if joint_paths(study.results, "scores"):
        valid = read_scores(study)["valid"] == 1
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


# session, phase, condition, measure -> participant -> trials
_Trials = Mapping[tuple[str, str, str, str], Mapping[str, ContrastTrials]]
_TRIAL_UNITS = {"contrast_raw": "raw", "contrast_cal": "cal"}


def _trials(study: Study) -> _Trials:
    """Every participant's trial scores, for the tests over clips; empty without a trial table."""
    if not joint_paths(study.results, "scores"):
        return {}
    settings, table = study.protocol.scoring_settings(), read_scores(study)
    column = settings.phase_column if settings.phase_column in table.columns else "block"
    return {
        (str(session), str(phase), emotion, measure): {
            person.participant: person
            for person in contrast_trials(part, settings, emotion, unit, settings.primary_window)
        }
        for (session, phase), part in table.groupby(["session", column], sort=False)
        for emotion in settings.emotions
        if (part["condition"] == emotion).any()
        for measure, unit in _TRIAL_UNITS.items()
    }


def _of(where: Mapping[str, Any], measure: str, trials: _Trials, people: list[str]) -> list[Any]:
    """Return the trials of some participants in one cell; none where there is no trial table."""
    session, phase, condition = (str(where[k]) for k in _CELL)
    by_person = trials.get((session, phase, condition, measure), {})
    return [by_person[p] for p in people if p in by_person]


def _over_clips(people: list[ContrastTrials]) -> TTest:
    """Test clips of the emotion against those of the reference."""
    emotion, reference = clip_means(people)
    return two_samples(list(emotion.values()), list(reference.values()))


def _between_over_clips(control: list[ContrastTrials], group: list[ContrastTrials]) -> TTest:
    """Test what the control group shows more than the group, clip by clip."""
    sides = zip(clip_means(control), clip_means(group), strict=True)
    emotion, reference = ([a[c] - b[c] for c in a if c in b] for a, b in sides)
    return two_samples(emotion, reference)


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


def _cells(
    table: "pd.DataFrame", by: str
) -> Iterator[tuple[dict[str, Any], str, dict[str, "pd.Series[float]"]]]:
    """Each cell and measure with the values of every group, one a participant (the index)."""
    for values, cell in table.groupby(_CELL, sort=False, dropna=False):
        where = dict(zip(_CELL, values, strict=True))
        for measure in MEASURES:
            if measure not in cell.columns:
                continue
            numbers = cell.set_index("participant")[measure].astype(float)
            if numbers.notna().any():
                labels = cell[by].to_numpy()
                groups = sorted(set(labels))
                yield where, measure, {str(g): numbers[labels == g] for g in groups}


_TESTED = (
    "n",
    "n_missing",
    "mean",
    "se",
    "low",
    "high",
    "t",
    "df",
    "p",
    "dz",
    "p_clips_random",
    "reason",
)
_COMPARED = (
    "difference", "low", "high", "t", "df", "p", "d", "p_clips_random", "reason", "percent_less",
    "percent_less_low", "percent_less_high", "percent_reason", "pooled_mean", "pooled_p", "gate",
)  # fmt: skip


def _means(table: "pd.DataFrame", by: str, trials: _Trials) -> Iterator[dict[str, Any]]:
    for where, measure, groups in _cells(table, by):
        for group, values in groups.items():
            test = one_sample(values)
            clips = _over_clips(_of(where, measure, trials, list(values.index.astype(str))))
            yield {
                **where,
                "measure": measure,
                by: group,
                "n": test.n,
                "n_missing": len(values) - test.n,
                **{k: getattr(test, k) for k in ("mean", "se", "low", "high", "t", "df", "p")},
                "dz": test.effect,
                "p_clips_random": min_f(test, clips).p,
                "reason": test.reason,
            }


def _differences(
    table: "pd.DataFrame", by: str, control: str | None, trials: _Trials
) -> Iterator[dict[str, Any]]:
    if control is None:
        return
    for where, measure, groups in _cells(table, by):
        baseline = groups.get(control)
        for group, values in groups.items():
            if group == control or baseline is None:
                continue
            test, gate = two_samples(baseline, values), pooled([baseline, values])
            both = (
                _of(where, measure, trials, list(v.index.astype(str))) for v in (baseline, values)
            )
            yield {
                **where,
                "measure": measure,
                by: group,
                "control": control,
                "difference": test.mean,
                **{k: getattr(test, k) for k in ("low", "high", "t", "df", "p")},
                "d": test.effect,
                "p_clips_random": min_f(test, _between_over_clips(*both)).p,
                "reason": test.reason,
                **_reduction(measure, one_sample(baseline), one_sample(values), test),
                "pooled_mean": gate.mean,
                "pooled_p": gate.p,
                "gate": _gate(gate),
            }


def _reduction(measure: str, control: TTest, group: TTest, difference: TTest) -> dict[str, Any]:
    """Return how many percent less, in units and of a control mean where that means something."""
    names = ("percent_less", "percent_less_low", "percent_less_high", "percent_reason")
    if (
        measure not in RATIO_MEASURES
        or not np.isfinite([control.se, group.se, difference.df]).all()
    ):
        return dict.fromkeys(names)
    from scipy.special import stdtrit

    quantile = float(stdtrit(difference.df, 0.975))
    reduction = percent_reduction(control.mean, control.se, group.mean, group.se, quantile)
    why = reduction.reason if control.low > 0 else _no_percent(control)
    if why:
        return dict(zip(names, (None, None, None, why), strict=True))
    return dict(zip(names, (reduction.percent, reduction.low, reduction.high, None), strict=True))


def _no_percent(control: TTest) -> str:
    return "control_below_0" if control.high < 0 else "control_not_above_0"


def _gate(together: TTest) -> str | None:
    """Tell whether the groups together respond, each with equal weight."""
    if not np.isfinite(together.p):
        return None
    return "passed" if together.p <= GATE_ALPHA and together.mean > 0 else "not passed"


def _frame(rows: Iterator[dict[str, Any]], columns: list[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(rows), columns=columns).replace({"": None})
