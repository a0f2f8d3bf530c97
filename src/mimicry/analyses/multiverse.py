"""The same recordings, analysed in every reasonable way: does the result depend on choices?"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry import __version__
from mimicry.analyses.columns import MULTIVERSE_COLUMNS
from mimicry.analyses.grid import Grid, Specification, read_grid, settings_of
from mimicry.files import Results, digest, sha256_of
from mimicry.interchange.tables import read_au_table
from mimicry.kernels.baseline import delta, pooled_sd
from mimicry.kernels.chance import generator
from mimicry.protocol.trials import read_trials
from mimicry.records import (
    ActionUnitTrack,
    AlignedTrials,
    ScoringSettings,
    StimulusTimeline,
    TrialTable,
)
from mimicry.scoring.arrange import SwapDesign
from mimicry.scoring.pattern import calibration, contrast, pattern_score, reference_trials
from mimicry.scoring.swap import label_swap
from mimicry.scoring.validity import judge_trials, phases
from mimicry.statistics.clips import ClipTable, ContrastTrials, clip_tables
from mimicry.statistics.combine import combined_p
from mimicry.statistics.groups import one_sample
from mimicry.statistics.nulls import PEOPLE_NULLS
from mimicry.study.blind import require_unmasked, with_exclusions
from mimicry.study.extracted import Extracted, extracted, gaps_of
from mimicry.study.folder import Study
from mimicry.study.layout import MULTIVERSE, stimuli_copy
from mimicry.study.scored_with import clock_shift_s, say_other_stimuli
from mimicry.timeline import align

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Multiverse", "multiverse"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ALPHA = 0.05
DRAWS = 999  # label swaps a person and specification: enough for a standardised effect


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """One person's pattern scores under one measurement, for one phase, in the order shown."""

    recording: Extracted
    trials: Mapping[str, Floats]
    shown: Flags
    reference: Flags
    design: SwapDesign


@dataclass(frozen=True, slots=True, eq=False)
class Multiverse:
    """One row for each specification, and what they say together.

    Parameters
    ----------
    rows, grid
        Results and the choices behind them.
    made_from
        What decides them: digests and the grid. JSON types only.
    analysed
        The same for people: study, protocol, how many people and trials, score, seed, versions.
    """

    rows: tuple[dict[str, Any], ...]
    grid: Grid
    made_from: Mapping[str, Any]
    analysed: Mapping[str, Any]
    gaps: tuple[str, ...] = ()

    def to_frame(self) -> "pd.DataFrame":
        """Return the table of specifications."""
        import pandas as pd

        return pd.DataFrame(list(self.rows))

    def summary(self) -> dict[str, Any]:
        """Return how many specifications agree, and where the protocol's own one lies."""
        table = self.to_frame()
        finite = table[np.isfinite(table["dz"].astype(float))]
        declared = table.loc[table["declared"] == 1, ["dz", "p"]].astype(float).to_numpy()
        own_dz, own_p = declared[0] if len(declared) else (np.nan, np.nan)
        dz = finite["dz"].astype(float)
        return {
            "specifications": len(table),
            "without_result": len(table) - len(finite),
            "dz_median": float(dz.median()),
            "dz_lowest": float(dz.min()),
            "dz_highest": float(dz.max()),
            "share_same_sign": float((np.sign(dz) == np.sign(dz.median())).mean()),
            "share_significant": float((finite["p"] <= ALPHA).mean()),
            "declared_dz": float(own_dz),
            "declared_p": float(own_p),
        }

    def write(self, folder: Path, *, overwrite: bool = False) -> list[Path]:
        """Write ``group_multiverse.tsv``, ``.json``, ``.png`` and ``.html``."""
        from mimicry.report.multiverse import draw_multiverse, render_multiverse

        summary = self.summary()
        made_from = digest([self.made_from, __version__])
        return Results(folder, f"{MULTIVERSE}.json", made_from, overwrite).write(
            {
                f"{MULTIVERSE}.tsv": lambda _: self.to_frame(),
                f"{MULTIVERSE}.png": lambda path: draw_multiverse(
                    self.rows, self.grid.condition, path
                ),
                f"{MULTIVERSE}.html": lambda _: render_multiverse(
                    self.rows, summary, self.grid, self.analysed, self.gaps
                ),
            },
            {
                "settings": self.made_from,
                "analysed": self.analysed,
                "summary": summary,
                "warnings": list(self.gaps),
                "columns": MULTIVERSE_COLUMNS,
            },
        )


def multiverse(
    study: Study,
    grid: str | Path,
    *,
    stimuli: str | Path | None = None,
    incomplete: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> Multiverse:
    """Analyse a study's extracted recordings in every way that a grid names.

    Videos are not read again: the action-unit tables below ``derivatives/mimicry`` are.

    Parameters
    ----------
    study
        From :func:`mimicry.study.open_study`.
    grid
        YAML file of choices, see :func:`mimicry.analyses.grid.read_grid`.
    stimuli
        Stimulus manifest; None: as :meth:`mimicry.protocol.Protocol.timelines` says.
    incomplete
        Go on although recordings or people are missing, as in
        :func:`mimicry.study.group_tables`.
    progress
        Called with how many of how many recordings are done.

    Raises
    ------
    InputError
        When the grid is wrong, the study is not complete, or there is no extracted recording
        with events.
    """
    lock = require_unmasked(study.root)
    protocol = study.protocol
    settings = protocol.scoring_settings()
    primary = protocol.file.analysis.primary
    unit = {"contrast_raw": "raw", "contrast_cal": "cal"}.get(primary.score, "z")
    choices = read_grid(
        grid,
        settings,
        condition=primary.condition,
        block=primary.block,
        unit=unit,
        blocks=list(protocol.file.blocks),
    )
    timelines = protocol.timelines(stimuli, stimuli_copy(study.root))
    recordings = extracted(study)
    say_other_stimuli([r.au_table for r in recordings], timelines)
    sentences, lacking = gaps_of(study, recordings, incomplete=incomplete)
    people: dict[tuple[Any, ...], list[_Scores]] = {m: [] for m in choices.measurements()}
    for k, recording in enumerate(recordings):
        track, shift = read_au_table(recording.au_table), clock_shift_s(recording.au_table)
        trials = read_trials(recording.events, protocol, timelines, shift_s=shift)
        if lock is not None:
            trials = with_exclusions(trials, lock, recording.participant, recording.session)
        for measurement, scores in _measured(
            recording, track, trials, timelines, settings, choices
        ):
            people[measurement].append(scores)
        if progress is not None:
            progress(k + 1, len(recordings))
    rows = [
        _row(spec, people[spec.baseline_s, spec.window, spec.smoothing_s], study, choices)
        for spec in choices.specifications()
    ]
    made_from = {
        "protocol": protocol.digest,
        "stimuli": timelines.sha256,
        "grid": choices.to_json(),
        "tables": {r.au_table.name: sha256_of(r.au_table) for r in recordings},
        "events": {r.events.name: sha256_of(r.events) for r in recordings},
        "exclusions": None if lock is None or lock.lock is None else lock.lock["exclusions"],
        **lacking,
    }
    return Multiverse(tuple(rows), choices, made_from, _analysed(study, choices, people), sentences)


def _analysed(
    study: Study, grid: Grid, people: Mapping[tuple[Any, ...], Sequence[_Scores]]
) -> dict[str, Any]:
    """Describe what went in; trials are counted under the declared measurement, or the first."""
    import scipy

    import mimicry

    declared = grid.declared.baseline_s, grid.declared.window, grid.declared.smoothing_s
    scored = people.get(declared) or next(iter(people.values()))
    settings = study.protocol.scoring_settings()
    emotion = settings.emotions[grid.condition]
    against = f" minus {' + '.join(emotion.opponents)}" if emotion.opponents else ""
    neutral = settings.reference == "neutral"
    finite = [np.isfinite(person.trials["raw"]) for person in scored]

    def counted(side: str) -> int:
        pairs = zip(finite, scored, strict=True)
        return sum(int((trials & getattr(person, side)).sum()) for trials, person in pairs)

    return {
        "study": study.name,
        "folder": study.root.resolve().name,
        "protocol": study.protocol.name,
        "digest": study.protocol.digest,
        "people": len({person.recording.participant for person in scored}),
        "recordings": len(scored),
        "trials": sum(map(len, finite)),
        "own_trials": counted("shown"),
        "reference_trials": counted("reference"),
        "reference": settings.neutral_condition if neutral else "emotions of the other valence",
        "phase": f"block {grid.block}" if grid.block else "all blocks",
        "score": f"contrast of the pattern {' + '.join(emotion.targets)}{against}, trials of "
        f"{grid.condition} against the reference",
        "seed": settings.seed,
        "draws": DRAWS,
        "versions": {p.__name__: p.__version__ for p in (mimicry, np, scipy)},
    }


def _measured(
    recording: Extracted,
    track: ActionUnitTrack,
    trials: TrialTable,
    timelines: Mapping[str, StimulusTimeline],
    settings: ScoringSettings,
    grid: Grid,
) -> Iterator[tuple[tuple[Any, ...], _Scores]]:
    for baseline, window, smoothing in grid.measurements():
        chosen = settings_of(settings, baseline, window, grid.window[window], smoothing)
        aligned = align(track, trials, timelines, chosen)
        yield (baseline, window, smoothing), _scores(recording, aligned, chosen, grid)


def _scores(
    recording: Extracted, aligned: AlignedTrials, settings: ScoringSettings, grid: Grid
) -> _Scores:
    """Pattern scores of the grid's condition and block, in all units, in the order shown."""
    valid, _ = judge_trials(aligned, settings)
    window = settings.windows[settings.primary_window]
    raw = delta(aligned.times_s, aligned.response, window, baseline_s=settings.baseline_s)
    raw = np.where(valid[:, None], raw, np.nan)
    phase = np.array(phases(aligned, settings))
    inside = np.flatnonzero((phase == grid.block) | (phase == ""))
    inside = inside[np.argsort(aligned.onset_s[inside], kind="stable")]
    conditions = np.array(aligned.trials.condition)
    shown = conditions[inside] == grid.condition
    reference = reference_trials(list(conditions[inside]), grid.condition, settings)
    emotion = settings.emotions[grid.condition]
    sd = pooled_sd(raw[inside], min_trials=settings.min_trials_z)
    ruler = np.array(
        [_ruler(raw[:, a], name, conditions, phase, inside, settings)
         for a, name in enumerate(aligned.names)]
    )  # fmt: skip
    values = {"raw": raw[inside], "z": raw[inside] / sd, "cal": raw[inside] / ruler}
    by = aligned.trials.columns.get(settings.identity_column) or aligned.trials.columns.get(
        settings.block_column, ("",) * len(aligned)
    )
    runs = aligned.trials.columns.get(settings.run_column)
    design = SwapDesign(
        conditions=list(conditions[inside]),
        clips=[aligned.trials.stimulus_id[k] for k in inside],
        identities=[by[k] for k in inside],
        runs=[runs[k] for k in inside] if runs else (),
    )
    scores = {unit: pattern_score(v, aligned.names, emotion) for unit, v in values.items()}
    return _Scores(recording, scores, shown, reference, design)


def _ruler(
    raw: Floats,
    name: str,
    conditions: NDArray[np.str_],
    phase: NDArray[np.str_],
    inside: NDArray[np.int64],
    settings: ScoringSettings,
) -> float:
    """Return the person's own imitation of one action unit, against the noise of this phase."""
    emotions = [e for e, m in settings.emotions.items() if name in m.targets]
    imitated = (phase == settings.imitate_phase) & np.isin(conditions, emotions)
    reference = np.zeros(len(raw), dtype=bool)
    for emotion in emotions:
        reference[inside] |= reference_trials(list(conditions[inside]), emotion, settings)
    return calibration(raw[imitated], raw[reference], min_trials=settings.min_trials_calibration)[0]


def _row(
    spec: Specification, people: Sequence[_Scores], study: Study, grid: Grid
) -> dict[str, Any]:
    settings = study.protocol.scoring_settings()
    unit = spec.standardisation
    values = np.array(
        [contrast(p.trials[unit], p.shown, p.reference, min_trials=settings.min_trials)
         for p in people]
    )  # fmt: skip
    values = _per_person(values, people)
    test = one_sample(values)
    p, reason = (test.p, test.reason) if np.isfinite(test.mean) else (float("nan"), test.reason)
    if not reason:
        p, reason = _p_value(spec, values, people, study, grid)
    # in units of the SD over people, as the effect itself
    half = (test.high - test.low) / 2 * test.effect / test.mean if test.mean else float("nan")
    return {
        **spec.labels(),
        "declared": int(spec == grid.declared),
        **{name: getattr(test, name) for name in ("n", "mean", "se", "low", "high")},
        "dz": test.effect,
        "dz_low": test.effect - half,
        "dz_high": test.effect + half,
        "p": p,
        "reason": reason,
    }


def _per_person(values: Floats, people: Sequence[_Scores]) -> Floats:
    """One value a person: the mean over their sessions."""
    import pandas as pd

    names = [p.recording.participant for p in people]
    return np.array(pd.Series(values).groupby(names, sort=False).mean(), dtype=np.float64)


def _clips(
    spec: Specification, people: Sequence[_Scores], settings: ScoringSettings
) -> Sequence[ClipTable]:
    """Return the scores by clip of who has a contrast, sessions together."""
    sessions = defaultdict(list)
    for person in people:
        score, sides = person.trials[spec.standardisation], (person.shown, person.reference)
        if np.isfinite(contrast(score, *sides, min_trials=settings.min_trials)):
            parts = score, np.array(person.design.clips), *sides
            sessions[person.recording.participant].append(parts)
    rows = []
    for name, everything in sessions.items():
        score, clips, shown, other = map(np.concatenate, zip(*everything, strict=True))
        names = tuple(clips[shown]), tuple(clips[other])
        rows.append(ContrastTrials(name, score[shown], score[other], *names))
    return clip_tables([rows])[0]


def _p_value(
    spec: Specification, values: Floats, people: Sequence[_Scores], study: Study, grid: Grid
) -> tuple[float, str]:
    settings = study.protocol.scoring_settings()
    if spec.null in PEOPLE_NULLS:
        rng = generator(settings.seed, "group", grid.condition, spec.null)
        p = PEOPLE_NULLS[spec.null].draw(values, rng, _clips(spec, people, settings))
        return p, "" if np.isfinite(p) else "too_few_clips"
    swap = settings.of_phase(grid.block).swap if spec.null == "swap" else spec.null
    chosen = replace(settings, swap=swap, surrogates=DRAWS, enumerate_up_to=DRAWS)
    has_randomiser = swap == "redraw" and grid.block in study.protocol.file.blocks
    effects, reasons = [], []
    for person in people:
        drawer = study.protocol.redraw(grid.block) if has_randomiser else None
        result = label_swap(
            person.trials[spec.standardisation],
            person.shown,
            person.reference,
            replace(person.design, redraw=drawer),
            chosen,
            generator(settings.seed, person.recording.participant, grid.condition, f"swap-{swap}"),
        )
        effects.append(result.z_surrogate if not result.reason else float("nan"))
        reasons.append(result.reason)
    return combined_p(np.array(effects), reasons)
