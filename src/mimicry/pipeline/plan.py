"""Everything that is known about a recording before its first frame is read."""

import contextlib
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry import __version__, files
from mimicry.errors import QualityWarning, RecordingError
from mimicry.interchange.landmark_file import LandmarkFile, is_landmark_file
from mimicry.interchange.sources import identify
from mimicry.landmarks import checked_model
from mimicry.pipeline.clock import clock_of
from mimicry.protocol import Protocol, load_protocol
from mimicry.protocol.trials import read_trials
from mimicry.records import (
    ExtractionOptions,
    ReadingOptions,
    ScoringInputs,
    ScoringSettings,
    StimulusTimeline,
    TrialTable,
)
from mimicry.study.layout import recorded_stem, stimuli_copy, study_of_events
from mimicry.timeline.clock import RecordingClock, check_onsets

__all__ = ["Plan", "is_table", "listening", "make_plan", "recording_prefix"]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that is known before the first frame is read.

    `sources` and `read_with` describe the stimuli and the clock, for sidecars and in words;
    `notes` are the doubts about the events that the user must hear of.
    """

    recording: Path
    prefix: str
    participant: str
    session: str
    protocol: Protocol
    settings: ScoringSettings
    trials: TrialTable
    timelines: Mapping[str, StimulusTimeline]
    inputs: dict[str, Any]
    sources: dict[str, Any]
    read_with: dict[str, str]
    notes: tuple[str, ...] = ()
    clock: RecordingClock = field(default_factory=RecordingClock)

    @property
    def onsets_s(self) -> NDArray[np.float64]:
        """(K,) dynamic onsets on the recording's clock."""
        onsets = [self.timelines[s].onset_s for s in self.trials.stimulus_id]
        return np.asarray(self.trials.onset_s + np.array(onsets))

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
        """Return the digest of inputs, settings and version."""
        return files.digest({"inputs": self.inputs, "version": __version__})


def recording_prefix(recording: Path) -> str:
    """Return the common start of the output names: the file's stem without ``_video``."""
    return files.output_stem(recorded_stem(recording.name))


def make_plan(
    recording: Path, given: ScoringInputs, options: ExtractionOptions, prefix: str | None = None
) -> Plan:
    """Read and check everything but the recording itself.

    The stimuli are those of :meth:`mimicry.protocol.Protocol.timelines`; without a study in
    `given` the study's own copy is that of the study that the events lie in.

    Raises
    ------
    InputError
        When recording, events, protocol or stimuli are missing or wrong.
    """
    if not recording.is_file():
        raise RecordingError("file not found", path=recording, hint="Check the name.")
    protocol = load_protocol(given.protocol)
    events, prefix = Path(given.events), prefix or recording_prefix(recording)
    root = study_of_events(events) if given.study is None else Path(given.study)
    timelines = protocol.timelines(given.stimuli, root and stimuli_copy(root))
    clock = clock_of(recording, events, options.reading)
    with listening() as notes:
        trials = read_trials(events, protocol, timelines, shift_s=clock.shift_s)
    if clock.clock == "unix" and clock.rough:
        notes.append(
            "the recording's unix time is known from its creation_time, to 1 s at best: good "
            "enough to find the trials, not for responses in windows or latencies"
        )
    settings = protocol.scoring_settings()
    used = {name: timelines[name] for name in sorted(set(trials.stimulus_id))}
    inputs = {
        "recording": _identity(recording),
        "events": {"name": events.name, "sha256": files.sha256_of(events)},
        "protocol": {"name": protocol.name, "digest": protocol.digest},
        "stimuli": {name: _timeline_json(t) for name, t in used.items()},
        "settings": settings.to_json(),
        "neutral": options.table_settings["neutral"],
        "participant": given.participant or _entity(recording, "sub") or prefix,
        "session": given.session or _entity(recording, "ses"),
        "model": _model_digest(recording, options.model),
        **_reading_json(options.reading),
        **({"clock": clock.to_json()} if clock.shift_s else {}),
    }
    return Plan(
        recording, prefix, inputs["participant"], inputs["session"],
        protocol, settings, trials, used, inputs,
        sources={"stimuli": timelines.to_json(), "clock": clock.to_json()},
        read_with={"stimuli": str(timelines), "clock": str(clock)},
        notes=tuple(notes),
        clock=clock,
    )  # fmt: skip


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """Collect the texts of quality warnings: they stand in the results, and are said at the end."""
    heard: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", QualityWarning)
        yield heard
    heard += [str(w.message) for w in caught if w.category is QualityWarning]


def _reading_json(reading: ReadingOptions) -> dict[str, Any]:
    """Return the choices of a reading; of its video which it is, not where it lies."""
    chosen = reading.to_json()
    if reading.video is not None:
        video = Path(reading.video)
        if not video.is_file():
            raise RecordingError(
                "file not found", path=video, key="`video`", hint="Check the name."
            )
        chosen["video"] = _identity(video)
    return {"reading": chosen} if chosen else {}


def _identity(recording: Path) -> dict[str, str]:
    """Return name and checksum; landmarks stand for the video that they were made from."""
    if is_landmark_file(recording):
        made_from: dict[str, str] | None = LandmarkFile(recording).provenance.get("input")
        if made_from is not None:
            return made_from
    return {"name": recording.name, "sha256": files.sha256_of(recording)}


def _entity(recording: Path, name: str) -> str:
    """Return the value of a BIDS entity in a file name: ``sub-01_...`` gives ``01``."""
    match = re.search(rf"(?:^|_){name}-([A-Za-z0-9]+)", recording.name)
    return match.group(1) if match else ""


def _timeline_json(timeline: StimulusTimeline) -> dict[str, Any]:
    moved = dict(zip(timeline.names, timeline.intensity.T, strict=True))
    times = {name: getattr(timeline, name) for name in ("onset_s", "apex_s", "offset_s")}
    return {**times, "envelope": files.digest([timeline.times_s, moved])}


def _model_digest(recording: Path, model: str | Path | None) -> str | None:
    """Return the SHA-256 of the face model, or None for a table of action units."""
    if is_table(recording):
        return None
    return files.sha256_of(checked_model(model))


def is_table(recording: Path) -> bool:
    """Tell whether the recording is a table of action units (else a video, or its landmarks)."""
    return identify(recording).kind not in ("video", "landmarks")
