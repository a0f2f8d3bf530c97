"""Everything that is known about a recording before its first frame is read."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry import __version__, files
from mimicry.errors import QualityWarning, RecordingError
from mimicry.interchange.landmark_file import is_landmark_file
from mimicry.interchange.sources import identify
from mimicry.pipeline.clock import clock_of
from mimicry.records import ReadingOptions, ScoringSettings, StimulusTimeline, TrialTable
from mimicry.study.layout import recorded_stem
from mimicry.timeline.clock import RecordingClock, check_onsets

if TYPE_CHECKING:
    from mimicry.protocol import Protocol
    from mimicry.timeline.manifest import StimulusSet

__all__ = ["Plan", "is_table", "make_plan", "recording_prefix"]

Intervals = Sequence[tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that is known before the first frame is read.

    `notes` are the doubts about the events that the user must hear of.
    """

    recording: Path
    prefix: str
    participant: str
    session: str
    protocol: "Protocol"
    settings: ScoringSettings
    trials: TrialTable
    timelines: Mapping[str, StimulusTimeline]
    stimuli: "StimulusSet"
    inputs: dict[str, Any]
    notes: tuple[str, ...] = ()
    clock: RecordingClock = field(default_factory=RecordingClock)

    @property
    def onsets_s(self) -> NDArray[np.float64]:
        """(K,) dynamic onsets on the recording's clock."""
        own = [self.timelines[s].onset_s for s in self.trials.stimulus_id]
        return np.asarray(self.trials.onset_s + np.array(own))

    def check_onsets(self, times_s: NDArray[np.float64]) -> list[str]:
        """Refuse events that all lie outside the recording; return doubts about their clock.

        Raises
        ------
        EventsError
            When no onset lies between the first and the last frame.
        """
        return check_onsets(self.trials.onset_s, times_s, self.clock, self.trials.source or None)

    def around(self, window: tuple[float, float]) -> list[tuple[float, float]]:
        """Return a window of every trial as intervals on the recording's clock."""
        return [(float(t + window[0]), float(t + window[1])) for t in self.onsets_s]

    @property
    def digest(self) -> str:
        """Equal inputs, settings and version: equal digest."""
        return files.digest({"inputs": self.inputs, "version": __version__})


def recording_prefix(recording: Path) -> str:
    """Return the common start of the output names: the file's stem without ``_video``."""
    return files.output_stem(recorded_stem(recording.name))


def make_plan(
    recording: Path,
    events: str | Path,
    protocol: str | Path,
    stimuli: str | Path | None,
    participant: str | None,
    session: str | None,
    neutral: Sequence[tuple[float, float]] | None,
    model: str | Path | None,
    prefix: str | None = None,
    reading: ReadingOptions | None = None,
    study: str | Path | None = None,
) -> Plan:
    """Read and check everything but the recording itself.

    The stimuli are those of :meth:`mimicry.protocol.Protocol.timelines`; `study` is the folder
    that may hold the study's own copy (None: the study that the events lie in).

    Raises
    ------
    InputError
        When recording, events, protocol or stimuli are missing or wrong.
    """
    from mimicry.protocol import load_protocol
    from mimicry.protocol.trials import read_trials
    from mimicry.study.layout import stimuli_copy, study_of_events

    if not recording.is_file():
        raise RecordingError("file not found", path=recording, hint="Check the name.")
    plan = load_protocol(protocol)
    settings = plan.scoring_settings()
    root = study_of_events(events) if study is None else Path(study)
    timelines = plan.timelines(stimuli, root and stimuli_copy(root))
    clock = clock_of(recording, Path(events), reading or ReadingOptions())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", QualityWarning)
        trials = read_trials(events, plan, timelines, shift_s=clock.shift_s)
    notes = [str(w.message) for w in caught if w.category is QualityWarning]
    if clock.clock == "unix" and clock.rough:
        notes.append(
            "the recording's unix time is known from its creation_time, to 1 s at best: good "
            "enough to find the trials, not for responses in windows or latencies"
        )
    prefix = prefix or recording_prefix(recording)
    used = {name: timelines[name] for name in sorted(set(trials.stimulus_id))}
    inputs: dict[str, Any] = {
        "recording": _identity(recording),
        "events": {"name": Path(events).name, "sha256": files.sha256_of(Path(events))},
        "protocol": {"name": plan.name, "digest": plan.digest},
        "stimuli": {name: _timeline_json(t) for name, t in used.items()},
        "settings": settings.to_json(),
        "neutral": None if neutral is None else [list(pair) for pair in neutral],
        "participant": participant or _entity(recording, "sub") or prefix,
        "session": session or _entity(recording, "ses"),
        "model": _model_digest(recording, model),
    }
    if reading is not None and (chosen := reading.to_json()):
        inputs["reading"] = chosen
        if reading.video is not None:  # which video, not where it lies
            inputs["reading"] = {**chosen, "video": _identity(_existing(Path(reading.video)))}
    if clock.shift_s:
        inputs["clock"] = clock.to_json()
    return Plan(
        recording, prefix, inputs["participant"], inputs["session"],
        plan, settings, trials, used, timelines, inputs, tuple(notes), clock,
    )  # fmt: skip


def _existing(video: Path) -> Path:
    if not video.is_file():
        raise RecordingError("file not found", path=video, key="--video", hint="Check the name.")
    return video


def _identity(recording: Path) -> dict[str, str]:
    """Name and checksum; landmarks stand for the video that they were made from."""
    if is_landmark_file(recording):
        from mimicry.interchange.landmark_file import LandmarkFile

        made_from: dict[str, str] | None = LandmarkFile(recording).provenance.get("input")
        if made_from is not None:
            return made_from
    return {"name": recording.name, "sha256": files.sha256_of(recording)}


def _entity(recording: Path, name: str) -> str:
    """Return the value of a BIDS entity in a file name: ``sub-01_...`` gives ``01``."""
    found = re.search(rf"(?:^|_){name}-([A-Za-z0-9]+)", recording.name)
    return found.group(1) if found else ""


def _timeline_json(timeline: StimulusTimeline) -> dict[str, Any]:
    return {
        "onset_s": timeline.onset_s,
        "apex_s": timeline.apex_s,
        "offset_s": timeline.offset_s,
        "envelope": files.digest(
            [timeline.times_s, dict(zip(timeline.names, timeline.intensity.T, strict=True))]
        ),
    }


def _model_digest(recording: Path, model: str | Path | None) -> str | None:
    """Return the SHA-256 of the face model, or None for a table of action units."""
    if is_table(recording):
        return None
    from mimicry.landmarks import checked_model

    return files.sha256_of(checked_model(model))


def is_table(recording: Path) -> bool:
    """Whether the recording is a table of action units (else a video, or its landmarks)."""
    return identify(recording).kind not in ("video", "landmarks")
