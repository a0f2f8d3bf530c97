"""Is what was put in found again, and do the intervals keep their promise?

Two parts, on simulated people whose truth is known:

``recovery``
    One session of one person: does the 95 % interval of the mean amplitude, and that of the
    latency of the average response, hold the true value in 95 % of sessions, and in how many
    does the gate refuse a latency? Over size of the response, frame rate and trials.
``groups``
    A group that responds 40 % less, 40 people a group: bias of the estimate, how often its
    sign is right, how often the test says so, against what theory predicts.

Run ``python -m benchmarks recovery --page docs/calibration.md`` (about 10 minutes of CPU).
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from benchmarks import tables
from benchmarks.tables import Table
from benchmarks.trial_lists import cut_trials, make_trials
from mimicry.kernels.baseline import delta
from mimicry.kernels.resample import time_grid
from mimicry.kernels.windows import in_window, window_mean
from mimicry.records import ScoringSettings
from mimicry.scoring.latency import fit_shift, latencies
from mimicry.simulation.deltas import DeltaMeasurement, delta_measurement, simulate_deltas
from mimicry.simulation.effects import Effect, Group
from mimicry.simulation.nuisance import NUISANCE
from mimicry.simulation.participants import draw_participant
from mimicry.simulation.population import SimulatedCamera, simulate_session
from mimicry.statistics.groups import Reduction, percent_reduction, two_samples
from mimicry.synthetic.motion import minimum_jerk

SETTINGS = ScoringSettings({})
LENIENT = replace(SETTINGS, min_trials_latency=8)
SEED = 20240522
LATENCY, LATENCY_SD = 0.6, 0.1
TRIAL_SD = 0.03
RATIOS = {"3": 3.0, "1": 1.0, "0.5": 0.5}  # control group: mean over SD of its people
PEOPLE, REDUCTION = 40, 0.4


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its tables into the documentation page."""
    return tables.command(TABLES, arguments, __doc__)


@dataclass(frozen=True)
class Cell:
    """One row of the recovery table."""

    size: float
    fps: float
    trials: int


LEAST = 100  # sessions with a latency that a coverage needs
CELLS = {
    f"{size:g} {fps:g} {trials}": Cell(size, fps, trials)
    for size, rates in ((0.02, (30.0,)), *((s, (25.0, 30.0, 60.0)) for s in (0.05, 0.1, 0.2)))
    for fps in rates
    for trials in (12, 24, 48)
}


def recovered(cell: Cell, sessions: Sequence[tuple[float, ...]]) -> dict[str, float]:
    """Return bias, coverage and share refused of the sessions of one cell."""
    mean, low, high, d, shift, early, late = np.array(sessions).T
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


def recovery_cells(name: str, sessions: Sequence[tuple[float, ...]]) -> list[str]:
    """Return the row of one cell; a coverage only where enough sessions have a latency."""

    def share(x: float) -> str:
        return f"{100 * x:.1f} %"

    cell = CELLS[name]
    found = recovered(cell, sessions)
    latency = ["", ""]
    if found["given"] >= LEAST:
        latency = [share(found["latency"]), f"{1000 * found['latency_bias']:+.0f}"]
    return [
        *(f"{x:g}" for x in (cell.size, cell.fps, cell.trials)),
        f"{found['d']:.1f}",
        *(share(found[key]) for key in ("bias", "amplitude")),
        *latency,
        share(found["refused"]),
        str(len(sessions)),
    ]


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


def simulated(
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
    cut = [cut_trials(made.track, trials, timelines, SETTINGS, smooth_s=s) for s in sigmas]
    return np.array(trials.condition), cut[0][0], [values for _, values in cut]


def one_session(name: str, k: int) -> tuple[float, ...]:
    """Return mean amplitude, its interval, d, latency and its interval for one session."""
    from scipy.special import stdtrit

    cell = CELLS[name]
    rng = np.random.default_rng([SEED, int(cell.size * 1000), int(cell.fps), cell.trials, k])
    counts = dict.fromkeys(("happy", "neutral"), cell.trials)
    shown, grid, (slow, fast) = simulated(
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


def contrasts(gain: float, gain_sd: float, rng: np.random.Generator) -> np.ndarray:
    """Return the raw happy contrasts of the people of one group of one study."""
    trials, timelines = make_trials(COUNTS, rng)
    group, effect = person(SIZE, gain, gain_sd)
    made = simulate_deltas(
        trials, timelines, group, effect, PEOPLE, measurement=_measurement(), rng=rng
    )
    d = made.deltas[:, :, 0] - made.deltas[:, :, 1]
    happy = np.array(trials.condition) == "happy"
    return d[:, happy].mean(axis=1) - d[:, ~happy].mean(axis=1)


def frame_contrasts(gain: float, gain_sd: float, rng: np.random.Generator) -> np.ndarray:
    """Return the same, with every frame drawn."""
    result = np.empty(PEOPLE)
    for i in range(PEOPLE):
        c, grid, (values,) = simulated(
            COUNTS, person(SIZE, gain, gain_sd), _NAMES, 30.0, rng, (0.1,)
        )
        change = delta(grid, values, SETTINGS.windows["main"])
        d = change[:, 0] - change[:, 1]
        result[i] = np.nanmean(d[c == "happy"]) - np.nanmean(d[c == "neutral"])
    return result


_NAMES = ("AU12", "AU04")


@cache
def _measurement() -> DeltaMeasurement:
    return delta_measurement(NUISANCE["webcam"], _NAMES, SETTINGS, np.random.default_rng(SEED))


@cache
def true_contrast() -> float:
    """Return the control group's true mean contrast."""
    return truth(Cell(SIZE, 30.0, 12))[0]


@cache
def gain_spread(ratio: float) -> float:
    """Return the SD of people's gains with which the control group's mean / SD is `ratio`."""
    drawn = [contrasts(1.0, 0.0, np.random.default_rng([SEED, 9, k])) for k in range(100)]
    noise = np.std(drawn, ddof=1)
    mean = true_contrast()
    return float(np.sqrt((mean / ratio) ** 2 - noise**2) / mean)


def one_study(name: str, k: int, *, frames: bool = False) -> np.ndarray:
    """(2, people) contrasts of a control group and of one that responds 40 % less.

    `frames`: draw every recording; otherwise only the changes from baseline.
    """
    spread = gain_spread(RATIOS[name])
    draw = frame_contrasts if frames else contrasts
    return np.stack(
        [
            draw(gain, spread, np.random.default_rng([SEED, round(spread * 1e6), group, k]))
            for group, gain in enumerate((1.0, 1 - REDUCTION))
        ]
    )


def group_cells(name: str, studies: Sequence[np.ndarray]) -> list[str]:
    """Return the row of one ratio."""
    from scipy import stats

    people, true, d = np.array(studies), REDUCTION * true_contrast(), REDUCTION * RATIOS[name]
    control, lower = people[:, 0], people[:, 1]
    difference = control.mean(axis=1) - lower.mean(axis=1)
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    p = np.array([two_samples(c, g).p for c, g in zip(control, lower, strict=True)])
    shift = d * np.sqrt(PEOPLE / 2)
    t = stats.t.ppf(0.975, 2 * PEOPLE - 2)
    predicted = 1 - stats.nct.cdf(t, 2 * PEOPLE - 2, shift)
    sets = [_reduction(c, g, t) for c, g in zip(control, lower, strict=True)]
    shown = [f"{q:.0f}" for q in np.quantile([s.percent for s in sets], (0.05, 0.95))]
    bias = 100 * (difference.mean() - true) / true
    return [
        name,
        str(len(people)),
        f"{d:.2f}",
        f"{bias:+.1f} % +- {100 * error / true:.1f} %",
        f"{np.mean(difference > 0):.3f} ({stats.norm.cdf(shift):.3f})",
        f"{np.mean((p < 0.05) & (difference > 0)):.3f} ({predicted:.3f})",
        f"{np.mean((p < 0.05) & (difference < 0)):.3f}",
        f"{shown[0]} to {shown[1]} %",
        f"{np.mean([s.kind == 'interval' for s in sets]):.2f}",
    ]


def _reduction(control: np.ndarray, lower: np.ndarray, t: float) -> Reduction:
    root = np.sqrt(PEOPLE)
    return percent_reduction(
        control.mean(), control.std(ddof=1) / root, lower.mean(), lower.std(ddof=1) / root, t
    )


TABLES = {
    "recovery": Table(CELLS, one_session, recovery_cells, 1000, key_cells=3),
    "groups": Table(RATIOS, one_study, group_cells, 2000),
}


if __name__ == "__main__":
    sys.exit(main())
