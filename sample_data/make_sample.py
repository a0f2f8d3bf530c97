"""Make the sample study: one rendered participant whose every movement is known.

Run from the top of a checkout, with the extra ``[synth]`` installed::

    python sample_data/make_sample.py

It takes a few minutes and writes the video, its events table and its truth. The video differs in
its bytes between versions of the encoder; the truth does not.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mimicry.files import write_tsv
from mimicry.protocol import load_protocol
from mimicry.protocol.session import Trial
from mimicry.synthetic import blink_curve, envelope, identities, performance, render_video
from mimicry.synthetic.scene import View

HERE = Path(__file__).parent
SEED = 20261122
FPS = 25.0
LEAD_S = 2.0
RISE_S, HOLD_S, FALL_S = 0.75, 1.25, 0.5
# mean and SD over trials; a visible but modest response
GAIN = {"happy": (0.30, 0.10), "angry": (0.35, 0.10), "neutral": (0.0, 0.0)}
LATENCY_S = (0.40, 0.06)
MOVES = {"happy": {"AU12": 1.0, "AU06": 0.5}, "angry": {"AU04": 1.0}, "neutral": {}}


def main() -> None:
    """Write the sample study beside this file."""
    protocol = load_protocol(HERE / "protocol.yaml")
    trials = protocol.build_session("01").trials
    begin = trials[0].start_s
    onsets = np.array([t.start_s - begin + LEAD_S for t in trials])
    rng = np.random.default_rng(SEED)
    gains, latencies = draw(trials, rng)
    times = camera_times(onsets[-1] + 5.0, rng)
    play = participant(times, trials, onsets, gains, latencies, rng)
    beh = HERE / "sub-01" / "beh"
    beh.mkdir(parents=True, exist_ok=True)
    stem = beh / "sub-01_task-sample"
    injected = [
        {"trial_id": t.trial_id, "condition": t.condition, "gain": g, "latency_s": s}
        for t, g, s in zip(trials, gains.tolist(), latencies.tolist(), strict=True)
    ]
    render_video(
        stem.with_name(stem.name + "_video.mp4"),
        identities(6, 1)[0],
        play,
        view=View(span_mm=320.0, light_level=1.25, light_azimuth_deg=15.0),
        crf=23,
        seed=SEED,
        overwrite=True,
        notes={
            "trials": injected,
            "trials_note": "gain in AU units; latency shifts the stimulus envelope",
        },
    )
    events = pd.DataFrame(
        {
            "onset": np.round(onsets, 4),
            "duration": RISE_S + HOLD_S + 0.5,
            "trial_type": [t.condition for t in trials],
            "stimulus": [t.stimulus for t in trials],
            "trial_id": [t.trial_id for t in trials],
            "block": [t.block for t in trials],
            "identity": [t.identity for t in trials],
        }
    )
    write_tsv(stem.with_name(stem.name + "_events.tsv"), events)


def draw(
    trials: tuple[Trial, ...], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the gain and the latency of every trial."""
    mean, sd = np.array([GAIN[t.condition] for t in trials]).T
    gains = np.clip(rng.normal(mean, sd), 0.0, None) * (mean > 0)
    return gains, rng.normal(*LATENCY_S, len(trials))


def camera_times(duration_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the times of a webcam: 25 fps with jitter, and one frame in 100 dropped."""
    times = np.arange(int(duration_s * FPS)) / FPS + 0.2
    times += rng.uniform(-0.004, 0.004, len(times))
    return times[rng.random(len(times)) > 0.01]


def participant(
    times: NDArray[np.float64],
    trials: tuple[Trial, ...],
    onsets: NDArray[np.float64],
    gains: NDArray[np.float64],
    latencies: NDArray[np.float64],
    rng: np.random.Generator,
):
    """Return what the participant's face does: responses, blinks, gaze and a swaying head."""
    units = {name: np.zeros(len(times)) for moves in MOVES.values() for name in moves}
    for trial, onset, gain, latency in zip(trials, onsets, gains, latencies, strict=True):
        start = onset + 0.5 + latency
        shape = envelope(
            times, start, start + RISE_S, start + RISE_S + HOLD_S, start + RISE_S + HOLD_S + FALL_S
        )
        for name, share in MOVES[trial.condition].items():
            units[name] += gain * share * shape
    blinks = np.cumsum(rng.exponential(4.0, int(times[-1] / 2)) + 1.0)
    units["AU45"] = blink_curve(times, blinks[blinks < times[-1]])
    return performance(
        times,
        units,
        pose_deg=np.column_stack([wander(times, sd, rng) for sd in (1.2, 1.8, 0.8)]),
        shift_mm=np.column_stack([wander(times, 2.0, rng) for _ in range(3)]),
        gaze_deg=np.column_stack([wander(times, 1.5, rng) for _ in range(2)]),
        light=1.0 + 0.02 * wander(times, 1.0, rng),
    )


def wander(times: NDArray[np.float64], sd: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth drift of SD `sd`: six slow sines with random phases."""
    rates = rng.uniform(0.03, 0.25, 6)
    phases = rng.uniform(0, 2 * np.pi, 6)
    return sd * np.sqrt(2 / 6) * np.sin(2 * np.pi * np.outer(times, rates) + phases).sum(axis=1)


if __name__ == "__main__":
    main()
