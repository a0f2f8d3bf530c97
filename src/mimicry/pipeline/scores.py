"""One recording against its events and protocol: track, scores, tables, report.

The sidecar ``_scores.json`` is written last: where it is, the results are complete.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry import __version__, files
from mimicry.errors import NoFaceError, QualityWarning, TableError
from mimicry.pipeline.choices import save_debug_frame
from mimicry.pipeline.plan import Plan, is_table, make_plan
from mimicry.pipeline.quality import (
    QUALITY_SHAPE,
    no_face_text,
    quality_of,
    usable_frames,
    warnings_of,
)
from mimicry.pipeline.sidecars import provenance_of, scores_sidecar, trial_quality
from mimicry.records import (
    ActionUnitTrack,
    AlignedTrials,
    ConditionSummary,
    LandmarkTrack,
    MimicryScores,
    ReadingOptions,
    ScoringSettings,
    StimulusTimeline,
    TrialTable,
)
from mimicry.scoring.validity import EXCLUDED
from mimicry.study.blind import Blind, blind_study_of, masked_table, with_exclusions
from mimicry.study.layout import (
    BLIND_SIDECAR,
    BLIND_TABLE,
    LANDMARKS,
    QC,
    REPORT,
    SCORES,
    SCORES_SIDECAR,
    SUMMARY,
    TRACE,
)
from mimicry.study.scoring_log import log_scoring

if TYPE_CHECKING:
    import pandas as pd

    from mimicry.landmarks import WorkerPool

__all__ = ["ScoredRecording", "score", "score_recording"]

_KINDS = {
    "scores": SCORES,
    "summary": SUMMARY,
    "trace": TRACE,
    "qc": QC,
    "report": REPORT,
    "sidecar": SCORES_SIDECAR,
}
_BLIND_KINDS = {"scores": BLIND_TABLE, "sidecar": BLIND_SIDECAR}


@dataclass(frozen=True, slots=True, eq=False)
class _How:
    """Choices that extraction takes, see :func:`score_recording`."""

    neutral: Sequence[tuple[float, float]] | None
    reading: ReadingOptions
    model: str | Path | None
    jobs: int
    overwrite: bool
    debug_frame: bool
    progress: Callable[[int, int | None], None] | None
    pool: "WorkerPool | None"


@dataclass(frozen=True, eq=False)
class ScoredRecording:
    """What scoring a recording gave.

    Parameters
    ----------
    recording, prefix
        The input and the common start of the output names.
    files
        Kind (``scores``, ``summary``, ``trace``, ``qc``, ``report``, ``sidecar`` and what
        extraction made) -> path.
    scores, summary
        The trial table and the condition table.
    shown
        Columns of the primary deltas, for printing.
    frames, frames_with_face
        How many frames the recording has, and with a face.
    resumed
        True when the results were there already.
    qc
        What the quality file says.
    warnings
        What the user must know; the same as in ``_qc.json``.
    read_with
        ``stimuli`` and ``clock``: which manifest and which clock the events were read with.
    """

    recording: Path
    prefix: str
    files: dict[str, Path]
    scores: "pd.DataFrame"
    summary: "pd.DataFrame"
    shown: list[str]
    frames: int
    frames_with_face: int
    resumed: bool
    qc: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    read_with: dict[str, str] = field(default_factory=dict)


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
    from mimicry import scoring
    from mimicry.timeline import align

    aligned = align(track, trials, timelines, settings)
    return scoring.score(aligned, settings, participant=participant, session=session)


@files.private()
def score_recording(
    recording: str | Path,
    *,
    events: str | Path,
    protocol: str | Path,
    out: str | Path,
    prefix: str | None = None,
    stimuli: str | Path | None = None,
    study: str | Path | None = None,
    participant: str | None = None,
    session: str | None = None,
    neutral: Sequence[tuple[float, float]] | None = None,
    reading: ReadingOptions | None = None,
    model: str | Path | None = None,
    jobs: int = 1,
    overwrite: bool = False,
    blind: bool = False,
    debug_frame: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
    pool: "WorkerPool | None" = None,
) -> ScoredRecording:
    """Score one recording and write its tables and its report.

    Parameters
    ----------
    recording
        A video, or an action-unit table of any supported kind.
    events
        BIDS events table on the clock of the recording.
    protocol
        Protocol file, or the name of a shipped protocol.
    out
        Folder for the results; made if needed.
    prefix
        Start of the output names; None: the recording's name without ``_video``.
    stimuli, study
        Stimulus manifest, and the study whose own copy holds without one (None: the study that
        the events lie in); see :meth:`mimicry.protocol.Protocol.timelines`.
    participant, session
        Default: the ``sub-`` and ``ses-`` parts of the recording's name; without the former,
        the prefix.
    neutral
        Intervals (s) in which the face is neutral; None: the pre-stimulus windows.
    reading
        Which face of the recording, and on which clock; see :class:`mimicry.ReadingOptions`.
    model, jobs, debug_frame, progress, pool
        As in :func:`mimicry.pipeline.extract_recording`.
    overwrite
        Replace results made from other inputs or settings; otherwise they are refused.
    blind
        Write only the quality of the trials, with masked condition labels. Always so in a
        blind study (:mod:`mimicry.study.blind`) until its quality control is locked.

    Returns
    -------
    ScoredRecording

    Raises
    ------
    InputError
        When recording, events, protocol or stimuli are wrong; file and key are named.
    NoFaceError
        When no frame shows a face.
    OutputExistsError
        When results of other inputs or settings are there.
    """
    reading = reading or ReadingOptions()
    plan = make_plan(
        Path(recording),
        events,
        protocol,
        stimuli,
        participant,
        session,
        neutral,
        model,
        prefix,
        reading,
        study,
    )
    how = _How(neutral, reading, model, jobs, overwrite, debug_frame, progress, pool)
    folder = files.make_folder(Path(out))
    masked = blind_study_of(Path(events).parent) or blind_study_of(folder)
    if masked is not None and masked.locked:
        plan = _with_exclusions(plan, masked)
    if blind or (masked is not None and not masked.locked):
        masked_scores = _score_blind(plan, folder, how)
        _say(masked_scores.warnings)
        return masked_scores
    paths = {kind: folder / f"{plan.prefix}{ending}" for kind, ending in _KINDS.items()}
    same = not overwrite and files.refuse_other_results(paths["sidecar"], plan.digest)
    if same and all(path.exists() for path in paths.values()):
        if debug_frame:
            paths["debug_frame"] = save_debug_frame(plan.recording, folder, plan.prefix, reading)
        return _read_back(plan, paths)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", QualityWarning)
        track, made, qc = _track(plan, folder, how)
        if not track.tracked.any():
            raise _no_face(plan, track)
        doubts = plan.check_onsets(track.times_s)
        aligned, scores, summary = _scored(plan, track)
    said = [str(w.message) for w in caught if w.category is QualityWarning]
    found = list(dict.fromkeys([*plan.notes, *doubts, *qc.get("warnings", []), *said]))
    notes = list(dict.fromkeys([*found, *summary.notes]))
    qc |= usable_frames(track, plan.settings)
    qc |= {"trials": trial_quality(scores.to_frame()), "warnings": notes}
    table, conditions = scores.to_frame(), summary.to_frame()
    provenance = {**provenance_of(plan, track), "frames": _frames(track)}
    page = _page(plan, track, aligned, scores, summary, provenance, notes)
    with files.writing(folder):
        files.take_away(paths["sidecar"])
        files.write_tsv(paths["scores"], table)
        files.write_tsv(paths["summary"], conditions)
        files.write_parquet(
            paths["trace"], aligned.to_frame(), {"mimicry": files.digest(provenance)}
        )
        files.write_json(paths["qc"], qc)
        files.write_text(paths["report"], page)
        log_scoring(folder, plan.prefix, plan.digest)
        files.write_json(paths["sidecar"], scores_sidecar(provenance, table, conditions, notes))
    _say(found)
    return ScoredRecording(
        plan.recording,
        plan.prefix,
        {**paths, **made},
        table,
        conditions,
        _shown(plan),
        len(track),
        int(track.tracked.sum()),
        resumed=False,
        qc=qc,
        warnings=notes,
        read_with=_read_with(plan),
    )


def _read_with(plan: Plan) -> dict[str, str]:
    return {"stimuli": str(plan.stimuli), "clock": str(plan.clock)}


def _say(found: Sequence[str]) -> None:
    for text in found:
        warnings.warn(QualityWarning(text), stacklevel=3)


def _with_exclusions(plan: Plan, study: Blind) -> Plan:
    """Return the plan with the trials marked that quality control left out."""
    trials = with_exclusions(plan.trials, study, plan.participant, plan.session)
    marks = zip(trials.trial_id, trials.columns[EXCLUDED], strict=True)
    decided = {name: reason for name, reason in marks if reason}
    return replace(plan, trials=trials, inputs={**plan.inputs, "exclusions": decided})


def _score_blind(
    plan: Plan,
    folder: Path,
    how: _How,
) -> ScoredRecording:
    """Write the quality of the trials and nothing that tells conditions apart."""
    import pandas as pd

    from mimicry.scoring import score
    from mimicry.timeline import align

    paths = {kind: folder / f"{plan.prefix}{ending}" for kind, ending in _BLIND_KINDS.items()}
    made: dict[str, Path] = {}
    resumed = not how.overwrite and files.refuse_other_results(paths["sidecar"], plan.digest)
    qc: dict[str, Any] = {}
    if resumed:
        table, frames = _read_tsv(paths["scores"], *_NEEDED), _counts(paths["sidecar"])
        said = files.read_json_object(paths["sidecar"], _SAID).get("warnings", [])
        if (quality := folder / f"{plan.prefix}{QC}").exists():
            qc = files.read_json_object(quality, QUALITY_SHAPE)
    else:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", QualityWarning)
            track, made, qc = _track(plan, folder, how)
            if not track.tracked.any():
                raise _no_face(plan, track)
            doubts = plan.check_onsets(track.times_s)
            aligned = align(track, plan.trials, plan.timelines, plan.settings)
            who = {"participant": plan.participant, "session": plan.session}
            scores = score(aligned, plan.settings, **who)
        heard = [str(w.message) for w in caught if w.category is QualityWarning]
        said = list(dict.fromkeys([*doubts, *qc.get("warnings", []), *heard]))
        key, frames = plan.protocol.digest, _frames(track)
        table = masked_table(scores.to_frame(), list(plan.protocol.file.conditions), key)
        files.take_away(paths["sidecar"])
        files.write_tsv(paths["scores"], table)
        head = {"digest": plan.digest, "frames": frames, "columns": list(table.columns)}
        files.write_json(paths["sidecar"], {**head, "warnings": said})
    return ScoredRecording(
        plan.recording,
        plan.prefix,
        {**paths, **made},
        table,
        pd.DataFrame(),
        [],
        frames["frames"],
        frames["frames_with_face"],
        resumed=resumed,
        qc=qc,
        warnings=list(dict.fromkeys([*plan.notes, *qc.get("warnings", []), *said])),
        read_with=_read_with(plan),
    )


def _track(
    plan: Plan,
    folder: Path,
    how: _How,
) -> tuple[ActionUnitTrack, dict[str, Path], dict[str, Any]]:
    """Return the track, the files that extraction made, and its quality notes.

    The neutral face is that of the pre-stimulus windows, and what head movement leaves in the
    action units is estimated outside the response windows.
    """
    rest = list(how.neutral) if how.neutral is not None else plan.around(plan.settings.baseline_s)
    response = plan.around((0.0, max(end for _, end in plan.settings.windows.values())))
    if is_table(plan.recording):
        from mimicry.interchange.tables import read_au_table

        table = read_au_table(plan.recording, reading=how.reading)
        quality = quality_of(table)
        said = {k: table.provenance[k] for k in ("confidence", "times") if k in table.provenance}
        notes = warnings_of(plan.recording.name, quality)
        return table, {}, {**quality, **said, "warnings": notes}
    from mimicry.pipeline.extraction import extract_recording

    try:
        extracted = extract_recording(
            plan.recording,
            folder,
            stem=plan.prefix,
            neutral=rest,
            exclude_from_pose_fit=response,
            reading=how.reading,
            model=how.model,
            jobs=how.jobs,
            overwrite=how.overwrite,
            debug_frame=how.debug_frame,
            progress=how.progress,
            pool=how.pool,
        )
    except NoFaceError:
        _explain_no_face(plan, folder / f"{plan.prefix}{LANDMARKS}")
        raise
    return extracted.read_track(), extracted.files, extracted.qc


def _explain_no_face(plan: Plan, landmarks: Path) -> None:
    """Say why no pre-stimulus window shows a face, where there is a plainer reason for it."""
    from mimicry.interchange.landmark_file import read_landmarks

    track = read_landmarks(landmarks)
    if not track.tracked.any():
        raise _no_face(plan, track)
    plan.check_onsets(track.times_s)


def _no_face(plan: Plan, track: ActionUnitTrack | LandmarkTrack) -> NoFaceError:
    light = track.luminance if isinstance(track, LandmarkTrack) else track.quality["luminance"]
    median = float(np.nanmedian(light)) if np.isfinite(light).any() else None
    found, advice = no_face_text(len(track), median, track.provenance)
    return NoFaceError(found, path=plan.recording, hint=advice)


def _scored(
    plan: Plan, track: ActionUnitTrack
) -> tuple[AlignedTrials, MimicryScores, ConditionSummary]:
    from mimicry.scoring import score, summarise
    from mimicry.timeline import align

    aligned = align(track, plan.trials, plan.timelines, plan.settings)
    scores = score(aligned, plan.settings, participant=plan.participant, session=plan.session)
    return aligned, scores, summarise(aligned, scores, plan.settings, redraw=_redraws(plan))


def _redraws(plan: Plan) -> dict[str, Callable[[np.random.Generator], list[str]]]:
    """Return the protocol's randomiser for every phase of the events table."""
    shown = plan.trials.columns.get(plan.settings.phase_column, ("",) * len(plan.trials))
    blocks = list(plan.protocol.file.blocks)
    draws: dict[str, Callable[[np.random.Generator], list[str]]] = {}
    for phase in dict.fromkeys(shown):
        block = phase if phase in blocks else blocks[0] if len(blocks) == 1 else None
        if block is not None:
            own = [c for c, p in zip(plan.trials.condition, shown, strict=True) if p == phase]
            draws[phase] = plan.protocol.redraw(block, own)
    return draws


def _page(
    plan: Plan,
    track: ActionUnitTrack,
    aligned: AlignedTrials,
    scores: MimicryScores,
    summary: ConditionSummary,
    provenance: dict[str, Any],
    notes: Sequence[str],
) -> str:
    from mimicry.action_units import ACTION_UNITS
    from mimicry.report.recording import RecordingView, render_recording

    known = {unit.code: unit for unit in ACTION_UNITS}
    return render_recording(
        RecordingView(
            title=plan.prefix,
            participant=plan.participant,
            protocol=plan.protocol.name,
            version=__version__,
            track=track,
            settings=plan.settings,
            scores=scores.to_frame(),
            summary=summary.to_frame(),
            grid_s=aligned.times_s,
            response=aligned.response - scores.baseline_mean[:, None, :],
            stimulus=aligned.stimulus,
            names=aligned.names,
            onsets_s=aligned.onset_s,
            phase=scores.phase,
            lags_s=scores.lags_s,
            profile=scores.lag_profile,
            units=[
                {"name": name, "label": u.name, "tier": u.tier, "unit": track.units.get(name, "")}
                for name in aligned.names
                if (u := known.get(name)) is not None
            ],
            provenance=provenance,
            warnings=notes,
        )
    )


def _frames(track: ActionUnitTrack) -> dict[str, int]:
    return {"frames": len(track), "frames_with_face": int(track.tracked.sum())}


def _shown(plan: Plan) -> list[str]:
    units = {a for m in plan.settings.emotions.values() for a in (*m.targets, *m.opponents)}
    return [f"delta_{name}_{plan.settings.primary_window}" for name in sorted(units)]


def _read_back(plan: Plan, paths: dict[str, Path]) -> ScoredRecording:
    qc = files.read_json_object(paths["qc"], QUALITY_SHAPE)
    counts = _counts(paths["sidecar"])
    return ScoredRecording(
        plan.recording,
        plan.prefix,
        {kind: path for kind, path in paths.items() if path.exists()},
        _read_tsv(paths["scores"], *_NEEDED),
        _read_tsv(paths["summary"]),
        _shown(plan),
        counts["frames"],
        counts["frames_with_face"],
        resumed=True,
        qc=qc,
        warnings=[*qc.get("warnings", [])],
        read_with=_read_with(plan),
    )


def _counts(sidecar: Path) -> dict[str, int]:
    counts = {"frames": int, "frames_with_face": int}
    found = files.read_json_object(sidecar, {"frames": counts})["frames"]
    return {name: found[name] for name in counts}


_SAID = {"warnings?": [str]}
_NEEDED = ("trial_id", "condition", "valid")


def _read_tsv(path: Path, *needed: str) -> "pd.DataFrame":
    """Return a table that was there already."""
    labels = dict.fromkeys(("trial_id", "participant", "session", "block"), str)
    table = files.read_tsv(path, na_values=["n/a"], keep_default_na=False, dtype=labels)
    for name in needed:
        if name not in table.columns or (name == "valid" and not table[name].isin([0, 1]).all()):
            raise TableError(
                f"the column {name!r} is missing or holds something else",
                path=path,
                key=name,
                hint="Make the table again with --overwrite.",
            )
    return table
