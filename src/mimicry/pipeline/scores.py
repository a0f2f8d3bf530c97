"""Score one recording against its events and protocol: from its file to its report.

:func:`mimicry.pipeline.plan.make_plan` reads and checks everything but the recording. Then the
recording passes each room once: see :mod:`mimicry.pipeline`.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mimicry import files, scoring
from mimicry.errors import InputError, QualityWarning
from mimicry.landmarks import WorkerPool
from mimicry.pipeline.landmark_source import save_debug_frame
from mimicry.pipeline.measured import MeasuredRecording, measure_recording
from mimicry.pipeline.plan import Plan, listening, make_plan
from mimicry.pipeline.quality import usable_frames
from mimicry.pipeline.score_files import (
    ScoredRecording,
    ScoreFiles,
    frames_of,
    provenance_of,
    read_blind,
    read_scores,
    trial_quality,
    write_blind,
    write_scores,
)
from mimicry.records import (
    ActionUnitTrack,
    AlignedTrials,
    ExtractionOptions,
    MimicryScores,
    ScoringInputs,
    ScoringSettings,
    StimulusTimeline,
    TrialTable,
)
from mimicry.scoring.validity import EXCLUDED
from mimicry.study.blind import Blind, blind_study_of, with_exclusions
from mimicry.timeline import align

__all__ = ["ScoredRecording", "score", "score_recording"]

Measure = Callable[[], MeasuredRecording]


def score(
    track: ActionUnitTrack,
    trials: TrialTable,
    timelines: Mapping[str, StimulusTimeline],
    settings: ScoringSettings,
    *,
    participant: str = "",
    session: str = "",
) -> MimicryScores:
    """Score the trials of a track without writing anything.

    Parameters
    ----------
    track
        Action units of the recording.
    trials, timelines
        What was shown and when, from :func:`mimicry.timeline.read_events` and
        :func:`mimicry.timeline.read_manifest`.
    settings
        Windows, action-unit maps and limits, from a protocol's ``scoring_settings()``.
    participant, session
        Labels for the table.

    Returns
    -------
    MimicryScores
        One row a trial; ``.to_frame()`` is the table of ``_scores.tsv``.

    Raises
    ------
    EventsError, StimulusError, NoFaceError
        As :func:`mimicry.timeline.align`.

    Examples
    --------
    >>> import mimicry
    >>> from mimicry.protocol import load_protocol
    >>> from mimicry.timeline import read_events, read_manifest
    >>> track = mimicry.extract("face.mp4")                            # doctest: +SKIP
    >>> settings = load_protocol("dynamic-happy-angry").scoring_settings()
    >>> scores = mimicry.score(track, read_events("events.tsv"),       # doctest: +SKIP
    ...                        read_manifest(), settings)
    """
    aligned = align(track, trials, timelines, settings)
    return scoring.score(aligned, settings, participant=participant, session=session)


@files.private()
def score_recording(
    recording: str | Path,
    inputs: ScoringInputs,
    out: str | Path,
    *,
    prefix: str | None = None,
    options: ExtractionOptions | None = None,
    blind: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
    pool: WorkerPool | None = None,
) -> ScoredRecording:
    """Score one recording and write its tables and its report.

    Parameters
    ----------
    recording
        A video, its landmarks, or an action-unit table of any supported kind.
    inputs
        Events, protocol, stimuli and labels, see :class:`mimicry.ScoringInputs`.
    out
        Folder for the results; made if needed.
    prefix
        Start of the output names; None: the recording's name without ``_video``.
    options
        How it is read and extracted, see :class:`mimicry.ExtractionOptions`; `format` and
        `exclude_from_pose_fit` are set here.
    blind
        Write only the quality of the trials, with masked condition labels. Always so in a
        blind study (:mod:`mimicry.study.blind`) until its quality control is locked.
    progress, pool
        As in :func:`mimicry.pipeline.extract_recording`.

    Raises
    ------
    InputError
        When recording, events, protocol or stimuli are wrong; file and key are named.
    NoFaceError
        When no frame shows a face.
    OutputExistsError
        When results of other inputs or settings are there.
    """
    options = options or ExtractionOptions()
    if options.format != "parquet" or options.exclude_from_pose_fit:
        raise InputError(
            "scores are made from a parquet table whose pose fit leaves out the responses; format "
            "and exclude_from_pose_fit are set here",
            path=recording,
            hint="Leave both out of the options.",
        )
    plan = make_plan(Path(recording), inputs, options, prefix)
    folder = files.make_folder(Path(out))
    study = blind_study_of(Path(inputs.events).parent) or blind_study_of(folder)
    if study is not None and study.locked:
        plan = _with_exclusions(plan, study)
    elif study is not None:
        blind = True
    to = ScoreFiles.at(plan, folder, blind=blind, overwrite=options.overwrite)
    if to.kept():
        return _kept(to, options, blind=blind)

    def measure() -> MeasuredRecording:
        return measure_recording(plan, folder, options, progress, pool)

    return (_score_blind if blind else _score)(to, measure)


def _kept(to: ScoreFiles, options: ExtractionOptions, *, blind: bool) -> ScoredRecording:
    """Return the results that are there already."""
    if blind:
        scored = read_blind(to)
        _warn(scored.warnings)
        return scored
    scored = read_scores(to)
    if not options.debug_frame:
        return scored
    plan, folder = to.plan, to.results.folder
    picture = save_debug_frame(plan.recording, folder, plan.prefix, options.reading)
    return replace(scored, files={**scored.files, "debug_frame": picture})


def _score(to: ScoreFiles, measure: Measure) -> ScoredRecording:
    """Let the recording pass every room, and write what it gave."""
    from mimicry.report.recording import RecordingView, render_recording

    plan = to.plan
    with listening() as heard:
        measured, aligned, doubts = _aligned(plan, measure)
        usable = usable_frames(measured.track, plan.settings)
        scores = _scores(plan, aligned)
        summary = scoring.summarise(aligned, scores, plan.settings, redraw=_redraws(plan))
    notes = _once(plan.notes, doubts, measured.quality.get("warnings", []), heard)
    quality = {**measured.quality, **usable, "trials": trial_quality(scores.to_frame())}
    view = RecordingView(
        title=plan.prefix,
        protocol=plan.protocol.name,
        track=measured.track,
        aligned=aligned,
        scores=scores,
        summary=summary,
        settings=plan.settings,
        quality={**quality, "warnings": _once(notes, summary.notes)},
        provenance={**provenance_of(plan, measured.track), "frames": frames_of(measured.track)},
    )
    scored = write_scores(to, measured, view, render_recording(view))
    _warn(notes)
    return scored


def _score_blind(to: ScoreFiles, measure: Measure) -> ScoredRecording:
    """Score as ever, and write the quality of the trials alone."""
    with listening() as heard:
        measured, aligned, doubts = _aligned(to.plan, measure)
        scores = _scores(to.plan, aligned)
    notes = _once(doubts, measured.quality.get("warnings", []), heard)
    scored = write_blind(to, measured, scores.to_frame(), notes)
    _warn(scored.warnings)
    return scored


def _aligned(
    plan: Plan, measure: Measure
) -> tuple[MeasuredRecording, AlignedTrials, Sequence[str]]:
    """Return the action units, their trials, and doubts about the clock of the onsets."""
    measured = measure()
    doubts = plan.check_onsets(measured.track.times_s)
    return measured, align(measured.track, plan.trials, plan.timelines, plan.settings), doubts


def _scores(plan: Plan, aligned: AlignedTrials) -> MimicryScores:
    return scoring.score(aligned, plan.settings, participant=plan.participant, session=plan.session)


def _once(*notes: Sequence[str]) -> list[str]:
    """Return the sentences of all lists in their order, each once."""
    return list(dict.fromkeys(text for some in notes for text in some))


def _warn(notes: Sequence[str]) -> None:
    for text in notes:
        warnings.warn(QualityWarning(text), stacklevel=4)


def _with_exclusions(plan: Plan, study: Blind) -> Plan:
    """Return the plan with the trials marked that quality control left out."""
    trials = with_exclusions(plan.trials, study, plan.participant, plan.session)
    marks = zip(trials.trial_id, trials.columns[EXCLUDED], strict=True)
    decided = {name: reason for name, reason in marks if reason}
    return replace(plan, trials=trials, inputs={**plan.inputs, "exclusions": decided})


def _redraws(plan: Plan) -> dict[str, Callable[[np.random.Generator], list[str]]]:
    """Return the protocol's randomiser for every phase of the events table."""
    shown = plan.trials.columns.get(plan.settings.phase_column, ("",) * len(plan.trials))
    blocks = list(plan.protocol.file.blocks)
    draws: dict[str, Callable[[np.random.Generator], list[str]]] = {}
    for phase in dict.fromkeys(shown):
        block = phase if phase in blocks else blocks[0] if len(blocks) == 1 else None
        if block is not None:
            trials = zip(plan.trials.condition, shown, strict=True)
            draws[phase] = plan.protocol.redraw(block, [c for c, p in trials if p == phase])
    return draws
