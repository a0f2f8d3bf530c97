"""A participant's action units during a session, with every response known.

This is the fast way to simulate: no picture is drawn and nothing is detected, so a session
takes milliseconds. What cameras and landmark detectors add is imitated by
:class:`~mimicry.simulation.nuisance.Nuisance`; rendered video is the way to test those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.definitions import NAMES
from mimicry.errors import StimulusError
from mimicry.records.timeline import Timelines, TrialTable
from mimicry.records.tracks import ActionUnitTrack
from mimicry.simulation.effects import Effect, Shape
from mimicry.simulation.nuisance import NUISANCE, Nuisance, add_nuisance, frame_times
from mimicry.simulation.participants import (
    Participant,
    extra_movement,
    instruction,
    trial_gains,
    trial_latencies,
)
from mimicry.simulation.shapes import EYELIDS, FALL_S, sample_shapes, shape_tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ALL_UNITS",
    "SessionTruth",
    "SimulatedSession",
    "clip_ends",
    "mean_responses",
    "movements",
    "respond",
    "simulate_session",
    "stimulus_peaks",
    "trial_shapes",
]

Floats = NDArray[np.float64]

#: The unsided units of an action-unit table, in its order.
ALL_UNITS = NAMES
#: Seconds recorded after the last clip.
LEAD_OUT_S = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class SessionTruth:
    """What a simulated person did in each of K trials.

    Parameters
    ----------
    trials
        The trials.
    names
        A action-unit names.
    gain
        (K,) gain of the response; 0 where there was none.
    responded
        (K,) whether there was a response.
    latency_s
        (K,) from the stimulus's movement to the response's, seconds.
    amplitude
        (K, A) response to the stimulus at its apex, action-unit units.
    extra
        (K, A) movement in the same trial that is no mimicry: noise of the trial and what is
        done at every stimulus.
    """

    trials: TrialTable
    names: tuple[str, ...]
    gain: Floats
    responded: NDArray[np.bool_]
    latency_s: Floats
    amplitude: Floats
    extra: Floats

    def to_frame(self) -> "pd.DataFrame":
        """Return one row a trial; units that never move are left out."""
        import pandas as pd

        columns: dict[str, object] = {
            "trial_id": self.trials.trial_id,
            "condition": self.trials.condition,
            "stimulus": self.trials.stimulus_id,
            "responded": self.responded.astype(int),
            "gain": self.gain,
            "latency_s": self.latency_s,
        }
        for what, values in (("amplitude", self.amplitude), ("extra", self.extra)):
            for a in np.flatnonzero(np.any(values != 0, axis=0)):
                columns[f"{what}_{self.names[a]}"] = values[:, a]
        return pd.DataFrame(columns)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSession:
    """One recording of one simulated person."""

    track: ActionUnitTrack
    truth: SessionTruth


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """What stands between the movement and its measurement.

    Parameters
    ----------
    nuisance
        Noise, drift, blinks, stray movement, sway, lost frames.
    names
        Action units to simulate; fewer are faster.
    fps
        Nominal frame rate, which `nuisance` jitters and thins out; None: the protocol's, or 30.
    """

    nuisance: Nuisance = NUISANCE["webcam"]
    names: Sequence[str] = ALL_UNITS
    fps: float | None = None


#: A laptop's own camera, all action units.
WEBCAM = SimulatedCamera()


def simulate_session(
    trials: TrialTable,
    timelines: Timelines,
    person: Participant,
    *,
    rng: np.random.Generator,
    camera: SimulatedCamera = WEBCAM,
    duration_s: float | None = None,
    clip_effects: Mapping[str, Mapping[str, float]] | None = None,
) -> SimulatedSession:
    """Return what a camera would have measured, and what really happened.

    Parameters
    ----------
    trials
        The session, in the order shown.
    timelines
        Stimulus id -> envelope of the stimulus.
    person
        Who took part, from :func:`~mimicry.simulation.participants.draw_participant`.
    rng
        Source of all chance: same generator state, same result.
    camera
        How it was recorded.
    duration_s
        Length of the recording; None: until 2.5 s after the last clip.
    clip_effects
        Stimulus id -> action unit -> movement that the clip draws from everybody, from
        :func:`~mimicry.simulation.participants.draw_clip_effects`.

    Raises
    ------
    StimulusError
        When a trial shows a stimulus that `timelines` does not hold.
    """
    ends = clip_ends(trials, timelines)
    names, nuisance = camera.names, camera.nuisance
    truth = respond(trials, timelines, person, names=names, rng=rng, clip_effects=clip_effects)
    if duration_s is None:
        duration_s = float(np.max(trials.onset_s + ends)) + LEAD_OUT_S
    times = frame_times(duration_s, camera.fps or 30.0, nuisance, rng)
    clean = movements(truth, timelines, person, times)
    made = add_nuisance(clean, times, truth.names, nuisance, rng)
    n = len(times)
    quality = {
        "success": (~made.lost).astype(float),
        "scale_px": np.where(made.lost, np.nan, 120.0),
        "luminance": np.full(n, 128.0),
        "sharpness": np.full(n, 100.0),
        "blink": made.blink.astype(float),
        "pose_ok": (np.abs(made.pose_deg[:, :2]) <= 20.0).all(axis=1).astype(float),
        "fit_residual": np.where(made.lost, np.nan, 0.005),
        "plausible": (~made.lost).astype(float),
    }
    track = ActionUnitTrack(
        times_s=times,
        intensity=made.intensity,
        names=truth.names,
        pose_deg=made.pose_deg,
        quality=quality,
        blendshapes=np.empty((n, 0), dtype=np.float32),
        units=dict.fromkeys(truth.names, "1.0 = the declared reference movement"),
        provenance={"source": "simulated", "participant": person.participant_id},
    )
    return SimulatedSession(track, truth)


def respond(
    trials: TrialTable,
    timelines: Timelines,
    person: Participant,
    *,
    names: Sequence[str],
    rng: np.random.Generator,
    clip_effects: Mapping[str, Mapping[str, float]] | None = None,
) -> SessionTruth:
    """Draw what `person` does in each trial: gain, latency and amplitudes."""
    names, n = tuple(names), len(trials)
    gains, responded = trial_gains(person, trials, rng)
    latencies = trial_latencies(person, trials, rng)
    amplitude = gains[:, None] * mean_responses(trials, timelines, person.effect, names)
    asked = np.zeros(n, dtype=bool)
    if person.group.imitate is not None:
        asked = instruction(trials) == "imitate"
        noise = 1 + person.effect.trial_cv * rng.standard_normal(n)
        copied = person.group.imitate * noise[:, None] * stimulus_peaks(trials, timelines, names)
        amplitude = np.where(asked[:, None], copied, amplitude)
    extra = extra_movement(person.group, person.effect, trials, names, rng)
    for k, stimulus in enumerate(trials.stimulus_id if clip_effects else ()):
        drawn = (clip_effects or {}).get(stimulus, {})
        extra[k] += [drawn.get(name[:4], 0.0) for name in names]
    return SessionTruth(
        trials=trials,
        names=names,
        gain=gains,
        responded=responded | asked,
        latency_s=latencies,
        amplitude=amplitude,
        extra=extra,
    )


def movements(
    truth: SessionTruth, timelines: Timelines, person: Participant, times_s: Floats
) -> Floats:
    """Return (T, A) movement without any nuisance, at the frame times."""
    trials = truth.trials
    ends = clip_ends(trials, timelines)
    tables, which = trial_shapes(trials, timelines, person.group.shape)
    dynamic = np.array([timelines[s].onset_s for s in trials.stimulus_id])
    starts = trials.onset_s + dynamic + truth.latency_s
    lasts = (ends - dynamic + FALL_S) * 1.5
    first = np.searchsorted(times_s, starts)
    span = int(np.max(np.searchsorted(times_s, starts + lasts) - first, initial=0)) + 1
    frames = first[:, None] + np.arange(span)
    inside = frames < len(times_s)
    frames = np.minimum(frames, len(times_s) - 1)
    shape = np.where(inside, sample_shapes(tables, which, times_s[frames] - starts[:, None]), 0.0)
    size = truth.amplitude + truth.extra
    result = np.zeros((len(times_s), len(truth.names)))
    for a in np.flatnonzero(np.any(size != 0, axis=0)):
        np.add.at(result[:, a], frames, shape * size[:, a, None])
    return result


def trial_shapes(
    trials: TrialTable, timelines: Timelines, shape: Shape
) -> tuple[Floats, NDArray[np.intp]]:
    """Return the response shapes of the stimuli shown, and which of them each of K trials has."""
    used = sorted(set(trials.stimulus_id))
    end_of = dict(zip(trials.stimulus_id, clip_ends(trials, timelines), strict=True))
    tables = shape_tables([timelines[s] for s in used], [end_of[s] for s in used], shape)
    return tables, np.array([used.index(s) for s in trials.stimulus_id], dtype=np.intp)


def mean_responses(
    trials: TrialTable, timelines: Timelines, effect: Effect, names: tuple[str, ...]
) -> Floats:
    """Return the (K, A) mean responses at gain 1."""
    result = effect.mirrored * stimulus_peaks(trials, timelines, names)
    for k, condition in enumerate(trials.condition):
        if condition in effect.amplitude:
            row = effect.amplitude[condition]
            result[k] = [row.get(name[:4], 0.0) for name in names]
        elif condition in effect.still:
            result[k] = 0.0
    return result


def stimulus_peaks(trials: TrialTable, timelines: Timelines, names: tuple[str, ...]) -> Floats:
    """Return the (K, A) apex of each stimulus in each unit; eyelids do not count."""
    peaks = {}
    for stimulus in set(trials.stimulus_id):
        timeline = timelines[stimulus]
        apex = dict(zip(timeline.names, timeline.intensity.max(axis=0, initial=0.0), strict=True))
        peaks[stimulus] = [
            0.0 if name[:4] in EYELIDS else float(apex.get(name, apex.get(name[:4], 0.0)))
            for name in names
        ]
    return np.array([peaks[s] for s in trials.stimulus_id]).reshape(len(trials), len(names))


def clip_ends(trials: TrialTable, timelines: Timelines) -> Floats:
    """Return when each of K clips ends, seconds from its own start."""
    unknown = sorted(set(trials.stimulus_id) - set(timelines))
    if unknown:
        raise StimulusError(
            f"no timeline for stimulus {unknown[0]!r}; known are {', '.join(sorted(timelines))}",
            key="stimulus",
        )
    lengths = np.array([timelines[s].times_s[-1] for s in trials.stimulus_id])
    return np.where(np.isfinite(trials.duration_s), trials.duration_s, lengths)
