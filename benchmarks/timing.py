"""Do latencies and hits say what they should, whatever the response looks like?

Simulated sessions of one participant, 24 happy and 24 neutral trials, whose truth is known:
startles at every stimulus, with and without a response after them, responses of other shapes
than the clip, and slow drift under hits.

Run ``python -m benchmarks timing --page docs/calibration.md`` (about 8 minutes of CPU). Every
session has its own seed.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import tables
from benchmarks.tables import Table, short
from benchmarks.trial_lists import EMOTIONS, UNITS, cut_trials, make_trials
from mimicry.kernels.windows import in_window, window_mean
from mimicry.records import ActionUnitTrack, ScoringSettings, StimulusTimeline, TrialTable
from mimicry.scoring.latency import Latencies, fit_shift, half_rise, latencies
from mimicry.scoring.onsets import find_onsets, rest_noise
from mimicry.simulation.nuisance import autoregression
from mimicry.synthetic.motion import minimum_jerk

SETTINGS = ScoringSettings(EMOTIONS)
LENGTH_S = 3.0  # from the dynamic onset to where a response that holds goes back
SEED = 20240523
LEAST = 20  # sessions with a latency that a bias needs

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
    """Run the benchmark and write its tables into the documentation page."""
    return tables.command(TABLES, arguments, __doc__)


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
    grid, cut = cut_trials(track, trials, timelines, SETTINGS, smooth_s=SETTINGS.smooth_latency_s)
    y = cut[:, :, UNITS.index("AU12")]
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


def latency_cells(name: str, sessions: list[Latencies]) -> list[str]:
    """Return share given, bias and coverage of both latencies, and what is said of the shape."""
    cells = []
    for part, aim in zip(("shift", "half"), truth(LATENCIES[name]), strict=True):
        values = [getattr(both, part) for both in sessions]
        found = np.array([[v.value_s, v.low_s, v.high_s] for v in values])
        given = np.isfinite(found[:, 0])
        cells.append(short(given.mean()))
        if np.isnan(aim) or given.sum() < LEAST:
            cells += ["", ""]
            continue
        value, low, high = found[given].T
        inside = (low <= aim) & (aim <= high)
        cells += [f"{1000 * (value.mean() - aim):+.0f}", short(inside.mean())]
    poor = np.mean([both.shift.reason == "poor_fit" for both in sessions])
    other = np.mean(["other_shape" in both.flags for both in sessions])
    return [LATENCIES[name].title, *cells, short(poor), short(other), str(len(sessions))]


def hit_cells(name: str, sessions: list[tuple[float, float]]) -> list[str]:
    """Return both hit rates."""
    return [HITS[name].title, *map(short, np.mean(sessions, axis=0)), str(len(sessions))]


def one_latency(name: str, k: int) -> Latencies:
    """Return both latencies of session `k` of a situation."""
    rng = np.random.default_rng([SEED, list(LATENCIES).index(name), k])
    return session_latencies(LATENCIES[name], rng)


def one_hit(name: str, k: int) -> tuple[float, float]:
    """Return the hit rates of session `k`; the noise under all trends is the same."""
    names = list(HITS)
    at = len(LATENCIES) + (0 if name.startswith("trend") else names.index(name))
    return session_hits(HITS[name], np.random.default_rng([SEED, at, k]))


TABLES = {
    "latencies": Table(LATENCIES, one_latency, latency_cells, 1000),
    "hits": Table(HITS, one_hit, hit_cells, 1000),
}


if __name__ == "__main__":
    sys.exit(main())
