"""The reliability of every contrast that a study's scores allow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry import __version__
from mimicry.errors import InputError, TableError
from mimicry.files import Results, digest
from mimicry.kernels.chance import generator
from mimicry.records import ScoringSettings
from mimicry.records.columns import Column
from mimicry.scoring.pattern import PARTS, pattern_parts, reference_trials, shared_pair
from mimicry.scoring.summary import VALENCE_CONGRUENT
from mimicry.statistics.clips import ContrastTrials
from mimicry.statistics.reliability import contrast_reliability, session_icc
from mimicry.study.blind import require_unmasked
from mimicry.study.completeness import find_gaps, settle
from mimicry.study.folder import SCORES, Study, not_joined, read_scores
from mimicry.study.layout import RELIABILITY
from mimicry.study.participants import read_people
from mimicry.study.scored_with import check_same_stimuli
from mimicry.study.tables import numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "RELIABILITY_COLUMNS",
    "UNITS",
    "StudyReliability",
    "contrast_trials",
    "study_reliability",
]

RELIABILITY_COLUMNS = (
    Column("block", "phase of the session; trials of different phases are never pooled"),
    Column("session", "visit"),
    Column("condition", "emotion whose contrast against its reference trials is meant; "
           "valence-congruent response: the one contrast that two emotions share"),
    Column("unit", "raw: AU units; z: the person's own SDs; cal: shares of the person's own "
           "imitation"),
    Column("window", "scoring window"),
    Column("n_participants", "people with 4 trials or more, of 2 clips or more, on both sides"),
    Column("n_left_out", "people without"),
    Column("clips_per_side", "harmonic mean number of clips of the emotion and of the reference"),
    Column("trials_per_clip", "harmonic mean number of valid trials of a person and clip"),
    Column("splits", "halves of the clips of each side, and of each set of clips where people saw "
           "different ones",
           more="The same for everybody, all trials of a clip in one half: all distinct ones, or "
           "as many random ones as asked for"),
    Column("r_mean", "mean correlation of the halves over splits"),
    Column("r_low", "2.5 % point over splits"),
    Column("r_high", "97.5 % point over splits"),
    Column("split_half", "2 r_mean / (1 + r_mean); n/a if r_mean is negative",
           more="The mean of every clip over people is taken out, the contrast is taken in both "
           "halves, and the halves are correlated over people. Averaged before the formula, once"),
    Column("split_half_low", "95 % interval, lower end",
           more="From the SD of Fisher's z of r_mean over bootstrap samples of people, transformed "
           "back"),
    Column("split_half_high", "upper end"),
    Column("var_person", "variance of the true contrasts of people who saw the same set of clips"),
    Column("var_clip", "variance of clips, the same for everybody, both sides together; n/a where "
           "everybody saw clips of their own: it is in var_person_clip, or in var_trial, then"),
    Column("var_person_clip", "variance of what a clip does to one person beyond that; n/a where "
           "no clip was repeated: it is in var_trial then"),
    Column("var_trial", "variance of trials of one person and clip, both sides together"),
    Column("icc_single", "share of var_person with one trial of one clip on each side"),
    Column("generalisability", "the same with the clips and trials collected",
           more="var_person / (var_person + sem^2): the coefficient for clips like these"),
    Column("sd_between", "SD of the contrasts over people"),
    Column("sem", "standard error of one person's contrast as collected: root of its error "
           "variance, mean over people",
           more="Each side has its own clips, trials and noise: what a clip does to one person and "
           "the trials of it, weighted by the clip's share of the person's trials; from the mean "
           "squares, before a negative variance is set to 0"),
    Column("clips_for_70", "clips per side needed for a reliability of .70, each shown as often as "
           "here", more="A side is the emotion or its reference. Predicted for sides of the same "
           "number of clips, by the formula below the table"),
    Column("clips_for_80", "for .80; n/a: no number of clips is enough"),
    Column("warnings", "what this reliability does not allow"),
)  # fmt: skip

UNITS = {"raw": "delta", "z": "delta_z", "cal": "delta_cal"}


@dataclass(frozen=True, slots=True, eq=False)
class StudyReliability:
    """One row for each phase, session, emotion and unit; one for each ICC over sessions."""

    rows: tuple[dict[str, Any], ...]
    sessions: tuple[dict[str, Any], ...]
    settings: dict[str, Any]
    gaps: tuple[str, ...] = ()

    def to_frame(self) -> "pd.DataFrame":
        """Return the table over splits of clips."""
        import pandas as pd

        columns = [c.names for c in RELIABILITY_COLUMNS]
        rows = [{**r, "warnings": "; ".join(r["warnings"])} for r in self.rows]
        return pd.DataFrame(rows, columns=None if rows else columns)

    def write(self, folder: Path, *, overwrite: bool = False) -> list[Path]:
        """Write ``group_reliability.tsv`` and ``.json``; return their paths.

        Raises
        ------
        OutputExistsError
            When results of other inputs or settings lie there.
        """
        made_from = digest([self.settings, __version__])
        results = Results(folder, f"{RELIABILITY}.json", made_from, overwrite)
        return results.write(
            {f"{RELIABILITY}.tsv": lambda _: self.to_frame()},
            {
                "settings": self.settings,
                "sessions": self.sessions,
                "warnings": list(self.gaps),
                "columns": {c.names: c.meaning for c in RELIABILITY_COLUMNS},
            },
        )


def study_reliability(
    study: Study,
    *,
    window: str | None = None,
    splits: int = 5000,
    incomplete: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> StudyReliability:
    """Return how reliable the contrasts of a study are.

    Parameters
    ----------
    study
        From :func:`mimicry.study.open_study`; its trial scores must be there.
    window
        Name of a scoring window; None: the protocol's primary one.
    splits
        Halves of the clips.
    incomplete
        Go on although recordings or people are missing, as in
        :func:`mimicry.study.group_tables`.
    progress
        Called with how many of how many contrasts are done.

    Raises
    ------
    InputError
        When the window is unknown, the scores lack its columns, no emotion of the protocol was
        shown, or the study is blind or not complete.
    """
    require_unmasked(study.root)
    settings = study.protocol.scoring_settings()
    name = window or settings.primary_window
    if name not in settings.windows:
        raise InputError(
            f"no window {name!r}; the protocol has {', '.join(settings.windows)}", key="`window`"
        )
    if splits < 2:
        raise InputError(f"`splits` is {splits}; expected at least 2", key="`splits`")
    check_same_stimuli(study.root)
    table = read_scores(study)
    people = read_people(study.root)
    gaps = find_gaps(
        study,
        people,
        table["participant"],
        not_joined=not_joined(study.results, SCORES, table),
    )
    sentences = settle(gaps, study, incomplete=incomplete)
    cells = list(_cells(table, settings, name))
    if not cells:
        raise TableError(
            f"no trial of the emotions {', '.join(settings.emotions) or '(none)'} in the scores",
            path=study.results,
            key="condition",
            hint="Were they made with another protocol?",
        )
    rows, contrasts = [], []
    for k, (where, trials) in enumerate(cells):
        rng = generator(settings.seed, "/".join(where.values()))
        reliability = contrast_reliability(trials, rng, splits=splits)
        rows.append({**where, "window": name, **reliability.to_json()})
        contrasts.append((where, {p.participant: p.contrast for p in trials if p.usable}))
        if progress is not None:
            progress(k + 1, len(cells))
    given = {
        "protocol": study.protocol.digest,
        "window": name,
        "splits": splits,
        "seed": settings.seed,
        "scores": digest(table.to_csv(index=False)),
        **({"incomplete": gaps.to_json()} if gaps else {}),
    }
    return StudyReliability(tuple(rows), tuple(_over_sessions(contrasts)), given, sentences)


def contrast_trials(
    table: "pd.DataFrame",
    settings: ScoringSettings,
    emotion: str,
    unit: str,
    window: str,
    *,
    part: str = "",
) -> list[ContrastTrials]:
    """Return each participant's trials of an emotion and of its reference, valid ones only.

    Parameters
    ----------
    table
        Trial scores of one phase and session, in order of presentation.
    unit
        ``raw``, ``z`` or ``cal``.
    part
        ``target`` or ``opponent``: these action units alone; "": targets minus opponents.

    Raises
    ------
    TableError
        When a column is missing.
    """
    names = list(settings.scored)
    columns = [f"{UNITS[unit]}_{name}_{window}" for name in names]
    missing = [c for c in columns if c not in table.columns]
    if missing:
        raise TableError(
            f"the scores have no column {missing[0]!r}",
            key=missing[0],
            hint="Were they made with another protocol?",
        )
    table = table.copy()
    numbers(table, columns)
    result = []
    for participant, rows in table.groupby("participant", sort=True):
        rows = rows[rows["valid"] == 1]
        values = rows[columns].to_numpy(dtype=float)
        parts = pattern_parts(values, names, settings.emotions[emotion])
        score = parts[PARTS.index(part)] if part else parts[0] - parts[1]
        shown = (rows["condition"] == emotion).to_numpy()
        reference = reference_trials(list(rows["condition"]), emotion, settings)
        clips = rows["stimulus"].to_numpy(dtype=str)
        of_sides = tuple(clips[shown]), tuple(clips[reference])
        result.append(ContrastTrials(str(participant), score[shown], score[reference], *of_sides))
    return result


def _cells(
    table: "pd.DataFrame", settings: ScoringSettings, window: str
) -> Iterator[tuple[dict[str, str], list[ContrastTrials]]]:
    phase = settings.phase_column if settings.phase_column in table.columns else "block"
    for (block, session), part in table.groupby([phase, "session"], sort=True):
        shown = [e for e in settings.emotions if (part["condition"] == e).any()]
        pair = shared_pair(shown, settings)
        contrasts = {VALENCE_CONGRUENT: pair[0]} if pair else {}
        contrasts |= {emotion: emotion for emotion in shown if emotion not in pair}
        for condition, emotion in contrasts.items():
            for unit in UNITS:
                where = {"block": str(block), "session": str(session), "condition": condition}
                where["unit"] = unit
                yield where, contrast_trials(part, settings, emotion, unit, window)


def _over_sessions(
    contrasts: list[tuple[dict[str, str], dict[str, float]]],
) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[str, ...], list[dict[str, float]]] = {}
    for where, people in contrasts:
        groups.setdefault((where["block"], where["condition"], where["unit"]), []).append(people)
    for (block, condition, unit), sessions in groups.items():
        if len(sessions) < 2:
            continue
        names = sorted(set().union(*sessions))
        values = [[s.get(n, np.nan) for s in sessions] for n in names]
        matrix = np.array(values).reshape(len(names), len(sessions))
        where = {"block": block, "condition": condition, "unit": unit}
        yield {**where, "sessions": len(sessions), **session_icc(matrix)}
