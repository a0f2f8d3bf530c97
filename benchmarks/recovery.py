"""Is what was put in found again, and do the intervals keep their promise?

Two parts, on simulated people whose truth is known:

``recovery``
    One session of one person: does the 95 % interval of the mean amplitude, and that of the
    latency of the average response, hold the true value in 95 % of sessions, and in how many
    does the gate refuse a latency? Over size of the response, frame rate and trials.
``groups``
    A group that responds 40 % less, 40 people a group: bias of the estimate, how often its
    sign is right, how often the test says so, against what theory predicts.

Run ``python benchmarks/recovery.py --page docs/calibration.md`` (about 15 minutes of CPU).
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mimicry.kernels.baseline import delta
from mimicry.kernels.resample import sample_at, time_grid
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.kernels.windows import in_window, window_mean
from mimicry.records import ScoringSettings
from mimicry.scoring.latency import fit_shift, latencies
from mimicry.simulation.deltas import delta_measurement, simulate_deltas
from mimicry.simulation.effects import Effect, Group
from mimicry.simulation.nuisance import NUISANCE
from mimicry.simulation.participants import draw_participant
from mimicry.simulation.population import SimulatedCamera, simulate_session
from mimicry.statistics.groups import Reduction, percent_reduction, two_samples
from mimicry.synthetic.motion import minimum_jerk
from mimicry.timeline.masking import masked_frames

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.calibration import put_row
from benchmarks.trial_lists import make_trials

SETTINGS = ScoringSettings({})
LENIENT = replace(SETTINGS, min_trials_latency=8)
SEED = 20240522
LATENCY, LATENCY_SD = 0.6, 0.1
TRIAL_SD = 0.03
RATIOS, PEOPLE, REDUCTION = (3.0, 1.0, 0.5), 40, 0.4


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its tables into the documentation page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000, help="in each cell of recovery")
    parser.add_argument("--size", type=float, action="append", help="only cells of this size")
    parser.add_argument("--studies", type=int, default=2000, help="in each row of groups")
    parser.add_argument("--ratio", type=float, action="append", help="only rows of this ratio")
    parser.add_argument("--frames", type=int, default=0, help="studies drawn frame by frame")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--page", type=Path, help="Markdown page whose tables are replaced")
    chosen = parser.parse_args(arguments)
    for cell in CELLS if chosen.sessions else ():
        if chosen.size is None or cell.size in chosen.size:
            row = _recovery_row(cell, recover(cell, chosen.sessions, chosen.jobs))
            print(row, flush=True)
            if chosen.page:
                put_row(chosen.page, "recovery", row, _KEY_CELLS)
    for ratio in RATIOS if chosen.studies else ():
        if chosen.ratio is None or ratio in chosen.ratio:
            row = _group_row(f"{ratio:g}", group_study(ratio, chosen.studies))
            print(row, flush=True)
            if chosen.page:
                put_row(chosen.page, "groups", row)
    if chosen.frames:
        made = group_study(RATIOS[0], chosen.frames, chosen.jobs, frames=True)
        print(_group_row(f"{RATIOS[0]:g}, frame by frame", made))
    return 0


@dataclass(frozen=True)
class Cell:
    """One row of the recovery table."""

    size: float
    fps: float
    trials: int


LEAST = 100  # sessions with a latency that a coverage needs
_KEY_CELLS = 3  # size, frame rate and trials name a row
CELLS = [Cell(0.02, 30.0, n) for n in (12, 24, 48)] + [
    Cell(size, fps, n)
    for size in (0.05, 0.1, 0.2)
    for fps in (25.0, 30.0, 60.0)
    for n in (12, 24, 48)
]


def recover(cell: Cell, sessions: int, jobs: int = 1) -> dict[str, float]:
    """Simulate sessions of one cell; return bias, coverage and share refused."""
    rows = np.array(list(_over(one_session, [(cell, k) for k in range(sessions)], jobs)))
    mean, low, high, d, shift, early, late = rows.T
    amplitude, latency = truth(cell)
    given = np.isfinite(early)
    inside = (early <= latency) & (latency <= late)
    return {
        "d": float(np.median(d)),
        "bias": float(np.mean(mean) / amplitude - 1),
        "amplitude": float(np.mean((low <= amplitude) & (amplitude <= high))),
        "latency": float(inside[given].mean()) if given.any() else float("nan"),
        "given": int(given.sum()),
        "latency_bias": float(np.mean(shift[given]) - latency) if given.any() else float("nan"),
        "refused": float(1 - given.mean()),
    }


def _recovery_row(cell: Cell, found: Mapping[str, float]) -> str:
    def share(x: float) -> str:
        return "" if np.isnan(x) else f"{100 * x:.1f} %"

    few = found["given"] < LEAST
    latency = "" if few else share(found["latency"])
    shown = "" if few else f"{1000 * found['latency_bias']:+.0f}"
    return (
        f"| {cell.size:g} | {cell.fps:g} | {cell.trials} | {found['d']:.1f} "
        f"| {share(found['bias'])} | {share(found['amplitude'])} | {latency} "
        f"| {shown} | {share(found['refused'])} |"
    )


def person(size: float, gain: float = 1.0, gain_sd: float = 0.0) -> tuple[Group, Effect]:
    """Return who is simulated: a smile of `size` with the spread of trials fixed above."""
    group = Group("g", gain=gain, latency_s=LATENCY, latency_sd=0.0, trial_latency_sd=LATENCY_SD)
    effect = Effect(
        amplitude={"happy": {"AU12": size}},
        person_sd={"*": 0.0, "happy": gain_sd},
        trial_sd={"*": TRIAL_SD},
        trial_cv=0.0,
    )
    return group, effect


def cut(
    counts: Mapping[str, int],
    who: tuple[Group, Effect],
    names: tuple[str, ...],
    fps: float,
    rng: np.random.Generator,
    sigmas: tuple[float, ...],
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Simulate a session; return conditions, grid and (K, G, A) trials for each smoothing."""
    group, effect = who
    trials, timelines = make_trials(counts, rng, interval_s=(4.0, 5.0))
    made = simulate_session(
        trials,
        timelines,
        draw_participant("x", group, effect, counts, rng),
        rng=rng,
        camera=SimulatedCamera(names=names, fps=fps),
    )
    track = made.track
    hidden = (masked_frames(track, SETTINGS) | ~track.tracked)[:, None]
    values = np.where(hidden, np.nan, track.intensity)
    grid = time_grid(-0.5, 2.5, SETTINGS.rate_hz)
    at = (trials.onset_s[:, None] + 0.5 + grid).ravel()
    smooth = (gaussian_smooth(track.times_s, values, s) for s in sigmas)
    shape = (len(trials), len(grid), len(names))
    parts = [sample_at(track.times_s, v, at, max_gap_s=0.1).reshape(shape) for v in smooth]
    return np.array(trials.condition), grid, parts


def one_session(work: tuple[Cell, int]) -> tuple[float, ...]:
    """Return mean amplitude, its interval, d, latency and its interval for one session."""
    from scipy.special import stdtrit

    cell, k = work
    rng = np.random.default_rng([SEED, int(cell.size * 1000), int(cell.fps), cell.trials, k])
    counts = dict.fromkeys(("happy", "neutral"), cell.trials)
    shown, grid, (slow, fast) = cut(
        counts, person(cell.size), ("AU12",), cell.fps, rng, (0.1, 0.05)
    )
    happy = shown == "happy"
    change = delta(grid, slow[happy], SETTINGS.windows["main"])[:, 0]
    change = change[np.isfinite(change)]
    n, mean, sd = len(change), change.mean(), change.std(ddof=1)
    half = float(stdtrit(n - 1, 0.975)) * sd / np.sqrt(n)
    response = (fast - window_mean(fast, in_window(grid, (-0.5, 0.0)))[:, None])[:, :, 0]
    found = latencies(grid, response[happy], response[~happy], _envelope, LENIENT).shift
    return (mean, mean - half, mean + half, mean / sd, found.value_s, found.low_s, found.high_s)


def _envelope(times_s: np.ndarray) -> np.ndarray:
    return minimum_jerk(times_s / 0.75)


def truth(cell: Cell) -> tuple[float, float]:
    """Return the delta and the latency that endless noise-free trials would give."""
    grid = time_grid(-0.5, 2.5, SETTINGS.rate_hz)
    z = np.linspace(-4, 4, 801)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    average = weight @ _envelope(grid - np.maximum(0.1, LATENCY + LATENCY_SD * z)[:, None])
    amplitude = cell.size * delta(grid, average[None], SETTINGS.windows["main"])[0]
    inside = in_window(grid, SETTINGS.latency_fit_s)
    fit = fit_shift(grid[inside], average[None, inside], _envelope)
    return float(amplitude), float(fit.shifts_s[0])


SIZE, COUNTS = 0.25, {"happy": 12, "neutral": 12}


def contrasts(work: tuple[float, float, int, int]) -> np.ndarray:
    """Return the raw happy contrasts of the people of one group of one study."""
    gain, gain_sd, group, study = work
    rng = np.random.default_rng([SEED, round(gain_sd * 1e6), group, study])
    result = np.empty(PEOPLE)
    for i in range(PEOPLE):
        c, grid, (values,) = cut(
            COUNTS, person(SIZE, gain, gain_sd), ("AU12", "AU04"), 30.0, rng, (0.1,)
        )
        change = delta(grid, values, SETTINGS.windows["main"])
        d = change[:, 0] - change[:, 1]
        result[i] = np.nanmean(d[c == "happy"]) - np.nanmean(d[c == "neutral"])
    return result


def quick_contrasts(gain: float, gain_sd: float, studies: int, seed: int) -> np.ndarray:
    """(studies, people) the same without drawing frames."""
    rng = np.random.default_rng([SEED, round(gain_sd * 1e6), seed])
    trials, timelines = make_trials(COUNTS, rng)
    names = ("AU12", "AU04")
    group, effect = person(SIZE, gain, gain_sd)
    measurement = delta_measurement(
        NUISANCE["webcam"], names, SETTINGS, np.random.default_rng(SEED)
    )
    happy = np.array(trials.condition) == "happy"
    result = np.empty((studies, PEOPLE))
    for row in result:
        made = simulate_deltas(
            trials,
            timelines,
            group,
            effect,
            PEOPLE,
            measurement=measurement,
            rng=rng,
        )
        d = made.deltas[:, :, 0] - made.deltas[:, :, 1]
        row[:] = d[:, happy].mean(axis=1) - d[:, ~happy].mean(axis=1)
    return result


def true_contrast() -> float:
    """Return the control group's true mean contrast."""
    return truth(Cell(SIZE, 30.0, 12))[0]


def noise_sd() -> float:
    """Return the SD that trials and camera add to one person's contrast."""
    return float(quick_contrasts(1.0, 0.0, 100, 9).std(ddof=1))


def group_study(
    ratio: float, studies: int, jobs: int = 1, *, frames: bool = False
) -> dict[str, np.ndarray | float]:
    """Simulate studies of a control group and one that responds 40 % less.

    `frames`: draw every recording; otherwise only the changes from baseline.
    """
    mean = true_contrast()
    spread = np.sqrt((mean / ratio) ** 2 - noise_sd() ** 2) / mean
    gains = (1.0, 1 - REDUCTION)
    if frames:
        work = [(g, spread, k, s) for s in range(studies) for k, g in enumerate(gains)]
        found = np.array(list(_over(contrasts, work, jobs))).reshape(studies, 2, PEOPLE)
    else:
        found = np.stack(
            [quick_contrasts(g, spread, studies, k) for k, g in enumerate(gains)], axis=1
        )
    return {"people": found, "true": REDUCTION * mean, "d": REDUCTION * ratio}


def _group_row(label: str, made: Mapping[str, np.ndarray | float]) -> str:
    from scipy import stats

    people, true, d = made["people"], float(made["true"]), float(made["d"])
    control, lower = people[:, 0], people[:, 1]
    difference = control.mean(axis=1) - lower.mean(axis=1)
    studies = len(difference)
    error = difference.std(ddof=1) / np.sqrt(studies)
    p = np.array([two_samples(c, g).p for c, g in zip(control, lower, strict=True)])
    shift = d * np.sqrt(PEOPLE / 2)
    t = stats.t.ppf(0.975, 2 * PEOPLE - 2)
    predicted = 1 - stats.nct.cdf(t, 2 * PEOPLE - 2, shift)
    sets = [_reduction(c, g, t) for c, g in zip(control, lower, strict=True)]
    shown = [f"{q:.0f}" for q in np.quantile([s.percent for s in sets], (0.05, 0.95))]
    return (
        f"| {label} | {studies} | {d:.2f} | {100 * (difference.mean() - true) / true:+.1f} % +- "
        f"{100 * error / true:.1f} % | {np.mean(difference > 0):.3f} ({stats.norm.cdf(shift):.3f}) "
        f"| {np.mean((p < 0.05) & (difference > 0)):.3f} ({predicted:.3f}) "
        f"| {np.mean((p < 0.05) & (difference < 0)):.3f} | {shown[0]} to {shown[1]} % "
        f"| {np.mean([s.kind == 'interval' for s in sets]):.2f} |"
    )


def _reduction(control: np.ndarray, lower: np.ndarray, t: float) -> Reduction:
    root = np.sqrt(PEOPLE)
    return percent_reduction(
        control.mean(), control.std(ddof=1) / root, lower.mean(), lower.std(ddof=1) / root, t
    )


def _over(function, work: Iterable, jobs: int) -> Iterable:
    if jobs == 1:
        return map(function, work)
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(function, work, chunksize=10))


if __name__ == "__main__":
    sys.exit(main())
