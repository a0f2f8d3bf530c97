"""Do latencies and hits say what they should, whatever the response looks like?

Simulated sessions of one participant, 24 happy and 24 neutral trials, whose truth is known:
startles at every stimulus, with and without a response after them, responses of other shapes
than the clip, and slow drift under hits.

Run ``python -m benchmarks.timing`` (about 10 minutes of CPU). Every session has its own seed.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mimicry.kernels.resample import sample_at, time_grid
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.kernels.windows import in_window, window_mean
from mimicry.records import (
    ActionUnitTrack,
    EmotionMap,
    ScoringSettings,
    StimulusTimeline,
    TrialTable,
)
from mimicry.scoring.latency import Latencies, fit_shift, half_rise, latencies
from mimicry.scoring.onsets import find_onsets, rest_noise
from mimicry.simulation.nuisance import autoregression
from mimicry.synthetic.motion import minimum_jerk

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.trial_lists import make_trials

EMOTIONS = {
    "happy": EmotionMap(("AU12",), ("AU04",), "positive"),
    "angry": EmotionMap(("AU04",), ("AU12",), "negative"),
}
SETTINGS = ScoringSettings(EMOTIONS)
UNITS = ("AU04", "AU12")
LENGTH_S = 3.0  # from the dynamic onset to where a response that holds goes back
SEED = 20240523

Course = Callable[[np.ndarray], np.ndarray]


def _held(rise_s: float) -> Course:
    return lambda t: minimum_jerk(t / rise_s) - minimum_jerk((t - LENGTH_S) / 0.75)


def _pulse(rise_s: float, hold_s: float, fall_s: float) -> Course:
    return lambda t: minimum_jerk(t / rise_s) - minimum_jerk((t - rise_s - hold_s) / fall_s)


def _ramp(t: np.ndarray) -> np.ndarray:
    return np.clip(t / 1.5, 0, 1) - minimum_jerk((t - LENGTH_S) / 0.75)


def _two_peaks(t: np.ndarray) -> np.ndarray:
    return _pulse(0.3, 0.1, 0.3)(t) + 0.8 * _pulse(0.3, 0.1, 0.3)(t - 0.9)


#: Courses of a response from its own start on; `template` is that of the clip.
COURSES: Mapping[str, Course] = {
    "template": _held(0.75),
    "brief": _pulse(0.4, 0.7, 0.4),
    "ramp": _ramp,
    "double-peak": _two_peaks,
    "slow": _held(1.5),
    "startle": _pulse(0.2, 0.2, 0.4),
}


@dataclass(frozen=True)
class Situation:
    """How one participant moves.

    Parameters
    ----------
    title
        What it is, in words.
    course
        A name in :data:`COURSES`, of the answer to happy faces.
    size, size_cv
        Mean of the answer (AU12, AU units) and its spread over trials as a share of it.
    latency_s, latency_sd
        When the answer begins after the dynamic onset.
    startle
        Size of a startle 0.1 s after every dynamic onset, in all units.
    habituation
        What is left of the startle in the last trial, falling from trial to trial.
    noise_sd, noise_s
        Autoregressive noise and its memory.
    trend
        Units by which every action unit rises over the session.
    """

    title: str
    course: str = "template"
    size: float = 0.3
    size_cv: float = 0.3
    latency_s: float = 0.6
    latency_sd: float = 0.1
    startle: float = 0.0
    habituation: float = 1.0
    noise_sd: float = 0.03
    noise_s: float = 0.3
    trend: float = 0.0


_STARTLE = Situation("startle at every stimulus, nothing else", size=0.0, startle=0.3)
_DRIFT = Situation("responses of .2 units", size=0.2)

LATENCIES: Mapping[str, Situation] = {
    "template": Situation("response of the clip's shape"),
    "startled": Situation("the same after a startle at every stimulus", startle=0.3),
    "startle": _STARTLE,
    "habituating": replace(_STARTLE, title="a startle that falls to a tenth", habituation=0.1),
    "brief": Situation("brief smile: .4 s up, .7 s hold, .4 s down", course="brief", size=0.15),
    "ramp": Situation("straight rise in 1.5 s", course="ramp"),
    "double-peak": Situation("two short peaks, .9 s apart", course="double-peak"),
    "slow": Situation("rise twice as long as the clip's", course="slow"),
    "none": Situation("no response", size=0.0),
}
HITS: Mapping[str, Situation] = {
    **{
        f"trend {trend:g}": replace(_DRIFT, title=f"trend of {trend:g} units", trend=trend)
        for trend in (0.0, 0.1, 0.2, 0.5)
    },
    **{
        f"noise {tau:g}": Situation(f"no response, noise of {tau:g} s", size=0.0, noise_s=tau)
        for tau in (0.05, 0.2, 0.5, 1.0, 2.5)
    },
}


def main(arguments: list[str] | None = None) -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=[*LATENCIES, *HITS], action="append")
    chosen = parser.parse_args(arguments)
    for name, situation in {**LATENCIES, **HITS}.items():
        if chosen.only is None or name in chosen.only:
            rows = list(_over(_one, [(name, k) for k in range(chosen.sessions)], chosen.jobs))
            row = latency_row(situation, rows) if name in LATENCIES else hit_row(situation, rows)
            print(row, flush=True)
    return 0


def session(
    situation: Situation, rng: np.random.Generator, counts: Mapping[str, int] | None = None
) -> tuple[TrialTable, Mapping[str, StimulusTimeline], ActionUnitTrack]:
    """Simulate one session, 24 happy and 24 neutral trials unless told otherwise."""
    counts = counts or {"happy": 24, "neutral": 24}
    trials, timelines = make_trials(counts, rng, interval_s=(6.0, 7.0))
    times = np.arange(0.0, trials.onset_s[-1] + 7.0, 1 / 30)
    memory = float(np.exp(-1 / 30 / situation.noise_s))
    values = situation.noise_sd * autoregression((len(times), len(UNITS)), memory, rng)
    values += situation.trend * (times / times[-1])[:, None]
    n = len(trials)
    left = situation.habituation ** (np.arange(n) / max(n - 1, 1))
    startles = situation.startle * left * np.maximum(rng.normal(1, 0.3, n), 0)
    sizes = situation.size * np.maximum(rng.normal(1, situation.size_cv, n), 0)
    sizes = np.where(np.array(trials.condition) == "happy", sizes, 0.0)
    delays = np.maximum(0.05, rng.normal(situation.latency_s, situation.latency_sd, n))
    begins = trials.onset_s + [timelines[s].onset_s for s in trials.stimulus_id]
    for begin, startle, size, delay in zip(begins, startles, sizes, delays, strict=True):
        since = times - begin
        values += startle * COURSES["startle"](since - 0.1)[:, None]
        values[:, UNITS.index("AU12")] += size * COURSES[situation.course](since - delay)
    return trials, timelines, _track(times, values)


def _track(times_s: np.ndarray, values: np.ndarray) -> ActionUnitTrack:
    one = np.ones(len(times_s))
    good = dict.fromkeys(("success", "scale_px", "luminance", "sharpness", "plausible"), one)
    quality = good | {"blink": 0 * one, "pose_ok": one, "fit_residual": 0 * one}
    return ActionUnitTrack(
        times_s=times_s,
        intensity=values,
        names=UNITS,
        pose_deg=np.zeros((len(times_s), 3)),
        quality=quality,
        blendshapes=np.empty((len(times_s), 0)),
    )


def changes(
    trials: TrialTable, timelines: Mapping[str, StimulusTimeline], track: ActionUnitTrack
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (K,) conditions, (G,) grid and (K, G) changes of AU12 from baseline, as scored."""
    grid = time_grid(-0.5, 2.5, SETTINGS.rate_hz)
    smooth = gaussian_smooth(track.times_s, track.intensity[:, 1], SETTINGS.smooth_latency_s)
    begins = trials.onset_s + [timelines[s].onset_s for s in trials.stimulus_id]
    y = sample_at(track.times_s, smooth, (begins[:, None] + grid).ravel())
    y = y.reshape(len(trials), len(grid))
    level = window_mean(y, in_window(grid, SETTINGS.baseline_s))
    return np.array(trials.condition), grid, y - level[:, None]


def clip(times_s: np.ndarray) -> np.ndarray:
    """Return the clip's own course."""
    return minimum_jerk(np.asarray(times_s) / 0.75)


def session_latencies(situation: Situation, rng: np.random.Generator) -> Latencies:
    """Return both latencies of one session."""
    conditions, grid, change = changes(*session(situation, rng))
    happy = conditions == "happy"
    return latencies(grid, change[happy], change[~happy], clip, SETTINGS)


def session_hits(situation: Situation, rng: np.random.Generator) -> tuple[float, float]:
    """Return the hit rates of happy and of neutral trials of one session."""
    conditions, grid, change = changes(*session(situation, rng))
    neutral = change[conditions == "neutral"]
    noise = rest_noise(neutral[:, in_window(grid, SETTINGS.event_search_s)])
    hit, _ = find_onsets(grid, change, noise, rate_hz=SETTINGS.rate_hz)
    return float(hit[conditions == "happy"].mean()), float(hit[conditions == "neutral"].mean())


def truth(situation: Situation) -> tuple[float, float]:
    """Return shift and half-rise of endless trials without noise; NaN without a response."""
    if not situation.size:
        return float("nan"), float("nan")
    z = np.linspace(-4, 4, 401)
    weight = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    delays = np.maximum(0.05, situation.latency_s + situation.latency_sd * z)[:, None]

    def average(times_s: np.ndarray) -> np.ndarray:
        return np.asarray(weight @ COURSES[situation.course](times_s - delays))

    fine = np.arange(-500, 2500) / 1000
    fit = fit_shift(fine[::10], average(fine[::10]), clip)
    return float(fit.shifts_s[0]), float(half_rise(fine, average(fine), rate_hz=1000)[0][0])


def latency_row(situation: Situation, sessions: list[tuple[float, ...]]) -> str:
    """Return bias, coverage and share given of both latencies as a row of Markdown."""
    cells = []
    values = np.array([row[:6] for row in sessions])
    for part, aim in zip(np.split(values, 2, axis=1), truth(situation), strict=True):
        given = np.isfinite(part[:, 0])
        cells.append(f"{given.mean():.3f}")
        if np.isnan(aim) or given.sum() < 20:
            cells += ["", ""]
            continue
        inside = (part[given, 1] <= aim) & (aim <= part[given, 2])
        cells += [f"{1000 * (part[given, 0].mean() - aim):+.0f}", f"{inside.mean():.3f}"]
    reasons = np.array([row[6] for row in sessions])
    poor, other = (reasons == "poor_fit").mean(), np.mean([row[7] for row in sessions])
    return f"| {situation.title} | {' | '.join(cells)} | {poor:.3f} | {other:.3f} |"


def hit_row(situation: Situation, sessions: list[tuple[float, ...]]) -> str:
    """Return both hit rates as a row of Markdown."""
    happy, neutral = np.mean([row[8:] for row in sessions], axis=0)
    return f"| {situation.title} | {happy:.3f} | {neutral:.3f} |"


def _one(work: tuple[str, int]) -> tuple[float | str, ...]:
    name, k = work
    situation = {**LATENCIES, **HITS}[name]
    at = [*LATENCIES, *HITS].index(name)
    # equal noise under all trends: only the trend differs
    at = [*LATENCIES, *HITS].index("trend 0") if name.startswith("trend") else at
    rng = np.random.default_rng([SEED, at, k])
    if name in HITS:
        return (*(float("nan"),) * 6, "", 0.0, *session_hits(situation, rng))
    both = session_latencies(situation, rng)
    shift, half = both.shift, both.half
    numbers = (shift.value_s, shift.low_s, shift.high_s, half.value_s, half.low_s, half.high_s)
    return (*numbers, shift.reason, float("other_shape" in both.flags))


def _over(function, work: Iterable, jobs: int) -> Iterable:
    if jobs == 1:
        return map(function, work)
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(function, work, chunksize=10))


if __name__ == "__main__":
    sys.exit(main())
