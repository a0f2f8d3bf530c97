"""Means of groups against 0 and against one another, with clips random where people share them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry.analyses.reliability import UNITS, contrast_trials
from mimicry.records import ScoringSettings
from mimicry.scoring.pattern import PARTS, shared_pair
from mimicry.scoring.summary import VALENCE_CONGRUENT
from mimicry.statistics.clips import ContrastTrials, clip_tables
from mimicry.statistics.crossed import crossed
from mimicry.statistics.groups import GroupMeans, TTest, people_means, percent_reduction

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CELL",
    "COMPARED",
    "MEASURES",
    "TESTED",
    "Trials",
    "compared_rows",
    "mean_rows",
    "trials_of",
]

GATE_ALPHA = 0.05
RATIO_MEASURES = ("contrast_raw", "contrast_cal", "contrast_raw_late", "contrast_cal_late")
#: Measures in a person's own SDs: a group with twice the noise has half of them.
OWN_SD = ("contrast", "contrast_late", "specificity")
PART_MEASURES = tuple(f"contrast_{part}_{unit}" for unit in ("raw", "cal") for part in PARTS)
MEASURES = (*RATIO_MEASURES, *PART_MEASURES, *OWN_SD, "r_peak_contrast", "hit_rate_difference")
CELL = ("session", "phase", "condition")
_TEST = ("low", "high", "t", "df", "p")
TESTED = (
    "n", "n_missing", "mean", "se", *_TEST, "dz", "p_these_clips_only", "clips", "reason",
)  # fmt: skip
COMPARED = (
    "difference", *_TEST, "d", "p_these_clips_only", "clips", "reason", "percent_less",
    "percent_less_low", "percent_less_high", "percent_reason", "pooled_mean", "pooled_p", "gate",
)  # fmt: skip

# session, phase, condition, measure -> participant -> trials
Trials = Mapping[tuple[str, str, str, str], Mapping[str, ContrastTrials]]


def trials_of(table: "pd.DataFrame", settings: ScoringSettings) -> Trials:
    """Return every participant's trial scores behind the contrasts, by cell and measure.

    Parameters
    ----------
    table
        Trial scores of a study.
    settings
        The protocol's.
    """
    column = settings.phase_column if settings.phase_column in table.columns else "block"
    windows = {"": settings.primary_window, "_late": "late"}
    measures = {
        f"contrast{part and f'_{part}'}{'' if unit == 'z' else f'_{unit}'}{ending}": (
            unit,
            window,
            part,
        )
        for unit in UNITS
        for ending, window in windows.items()
        for part in ("", *PARTS)
        if all(f"{UNITS[unit]}_{name}_{window}" in table.columns for name in settings.scored)
    }
    return {
        (str(session), str(phase), condition, measure): {
            person.participant: person
            for person in contrast_trials(rows, settings, emotion, unit, window, part=part)
            if len(person.emotion) and len(person.reference)
        }
        for (session, phase), rows in table.groupby(["session", column], sort=False)
        for condition, emotion in _contrasted(dict.fromkeys(rows["condition"]), settings).items()
        for measure, (unit, window, part) in measures.items()
        if measure in MEASURES
    }


def _contrasted(shown: Iterable[str], settings: ScoringSettings) -> dict[str, str]:
    """Return the rows of a condition table that have contrasts, with the emotion of each."""
    emotions = [name for name in shown if name in settings.emotions]
    pair = shared_pair(emotions, settings)
    return {name: name for name in emotions} | ({VALENCE_CONGRUENT: pair[0]} if pair else {})


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """One measure in one cell: the values of every group, one a participant (the index)."""

    where: Mapping[str, Any]
    measure: str
    groups: Mapping[str, "pd.Series[float]"]
    trials: Mapping[str, ContrastTrials]

    def means(self, names: Sequence[str]) -> tuple[GroupMeans, GroupMeans | None]:
        """Return the groups' means with people random, and with clips random too.

        None: there are not everybody's trials by clip.
        """
        values = [self.groups[name].dropna() for name in names]
        plain = people_means([v.to_numpy() for v in values])
        people = [[str(label) for label in v.index] for v in values]
        if not all(label in self.trials for labels in people for label in labels):
            return plain, None
        tables = clip_tables([[self.trials[label] for label in labels] for labels in people])
        return plain, crossed(tables) if plain.reason in ("", "no_variance") else plain


def _cells(table: "pd.DataFrame", by: str, trials: Trials) -> Iterator[_Cell]:
    for values, rows in table.groupby(list(CELL), sort=False, dropna=False):
        where = dict(zip(CELL, values, strict=True))
        for measure in MEASURES:
            if measure not in rows.columns:
                continue
            numbers = rows.set_index("participant")[measure].astype(float)
            if numbers.notna().any():
                labels = rows[by].to_numpy()
                groups = {str(g): numbers[labels == g] for g in sorted(set(labels))}
                session, phase, condition = (str(where[k]) for k in CELL)
                of_cell = trials.get((session, phase, condition, measure), {})
                yield _Cell(where, measure, groups, of_cell)


def _test(plain: GroupMeans, random: GroupMeans | None, *weights: float) -> dict[str, Any]:
    """Return a test with clips random; without trials by clip all but its p, clips fixed."""
    fixed = plain.test(weights)
    shown = fixed if random is None else random.test(weights)
    return {
        **{name: getattr(shown, name) for name in _TEST},
        **({"p": float("nan")} if random is None else {}),
        "p_these_clips_only": fixed.p,
        "clips": "fixed" if random is None else "random",
        "reason": shown.reason,
    }


def mean_rows(table: "pd.DataFrame", by: str, trials: Trials) -> Iterator[dict[str, Any]]:
    """Yield a row for each cell, measure and group: the mean against 0.

    Parameters
    ----------
    table
        Condition tables of all participants, with the column `by`.
    by
        Column that names the group.
    trials
        From :func:`trials_of`; empty where there is no table of trials.
    """
    for cell in _cells(table, by, trials):
        for group, values in cell.groups.items():
            plain, random = cell.means([group])
            test = (random or plain).test([1.0])
            yield {
                **cell.where,
                "measure": cell.measure,
                by: group,
                "n": test.n,
                "n_missing": len(values) - test.n,
                "mean": test.mean,
                "se": test.se,
                **_test(plain, random, 1.0),
                "dz": test.effect,
            }


def compared_rows(
    table: "pd.DataFrame", by: str, control: str | None, trials: Trials
) -> Iterator[dict[str, Any]]:
    """Yield a row for each cell, measure and group: what the control group shows more.

    What is in a person's own SDs is not compared (``z_between``).
    """
    for cell in _cells(table, by, trials):
        for group in cell.groups:
            if control is None or control not in cell.groups or group == control:
                continue
            where = {**cell.where, "measure": cell.measure, by: group, "control": control}
            if cell.measure in OWN_SD:
                yield {**where, "reason": "z_between"}
                continue
            plain, random = cell.means([control, group])
            both = random or plain
            difference, gate = both.test([1.0, -1.0]), both.pooled()
            yield {
                **where,
                "difference": difference.mean,
                **_test(plain, random, 1.0, -1.0),
                "d": difference.effect,
                **_reduction(cell.measure, both),
                "pooled_mean": gate.mean,
                "pooled_p": float("nan") if random is None else gate.p,
                "gate": "" if random is None else _gate(gate, _predicted(cell.measure)),
            }


def _reduction(measure: str, both: GroupMeans) -> dict[str, Any]:
    """Return how many percent less, in units and of a control mean where that means something."""
    names = ("percent_less", "percent_less_low", "percent_less_high", "percent_reason")
    if measure not in RATIO_MEASURES:
        return dict.fromkeys(names)
    control = both.test([1.0, 0.0])
    why = control.reason or ("" if control.low > 0 else _no_percent(control))
    if not why:
        from scipy.special import stdtrit

        first, second = map(float, both.mean)
        (var_first, between), (_, var_second) = both.covariance.tolist()
        ratio = both.test([second / first, -1.0])
        quantile = float(stdtrit(control.df if ratio.reason else ratio.df, 0.975))
        reduction = percent_reduction(
            first, var_first**0.5, second, var_second**0.5, quantile, covariance=between
        )
        why = reduction.reason
    if why:
        return dict(zip(names, (None, None, None, why), strict=True))
    return dict(zip(names, (reduction.percent, reduction.low, reduction.high, None), strict=True))


def _no_percent(control: TTest) -> str:
    return "control_below_0" if control.high < 0 else "control_includes_0"


def _predicted(measure: str) -> float:
    """Return the sign that mimicry gives a measure: opponents move less than at the reference."""
    return -1.0 if measure.startswith("contrast_opponent") else 1.0


def _gate(together: TTest, predicted: float = 1.0) -> str:
    """Tell whether the groups together respond the predicted way, each with equal weight."""
    if not np.isfinite(together.p):
        return ""
    right_way = together.mean * predicted > 0
    return "passed" if together.p <= GATE_ALPHA and right_way else "not passed"
