"""How often do the tests say "mimicry" when there is none?

Simulates sessions of one participant without any mimicry, in nine situations that are known
to break tests, and counts p <= .05 of

* the label-swap test with the swap that the design of the situation declares,
* label swaps that do not follow the design, and other tests in use, which should not be used.

Run ``python benchmarks/calibration.py --page docs/calibration.md`` (about 40 minutes of CPU).
Every session has its own seed, so ``--only NAME`` gives the same row as the whole run and
replaces that row alone.
"""

import argparse
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mimicry.files import write_text
from mimicry.kernels.baseline import delta, pooled_sd
from mimicry.kernels.chance import p_value
from mimicry.kernels.correlation import lag_samples, lagged_correlation
from mimicry.kernels.orders import restricted_orders
from mimicry.kernels.resample import sample_at, time_grid
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.kernels.windows import in_window
from mimicry.records import (
    ActionUnitTrack,
    AlignedTrials,
    EmotionMap,
    ScoringSettings,
    StimulusTimeline,
    TrialTable,
)
from mimicry.scoring.arrange import Redraw, SwapDesign
from mimicry.scoring.lag import profiles
from mimicry.scoring.pattern import pattern_score
from mimicry.scoring.swap import label_swap
from mimicry.scoring.validity import judge_trials
from mimicry.simulation.effects import GROUPS, Change, Effect, Group
from mimicry.simulation.nuisance import NUISANCE, Nuisance
from mimicry.simulation.participants import draw_clip_effects, draw_participant
from mimicry.simulation.population import SimulatedCamera, simulate_session
from mimicry.timeline.align import align
from mimicry.timeline.masking import masked_frames

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.trial_lists import make_trials

EMOTIONS = {
    "happy": EmotionMap(("AU12",), ("AU04",), "positive"),
    "angry": EmotionMap(("AU04",), ("AU12",), "negative"),
}
UNITS = ("AU04", "AU12")
STILL = Effect(mirrored=0.0, person_sd={"*": 0.0}, trial_sd={"*": 0.05}, trial_cv=0.0)
NOBODY = Group("none", gain=0.0)
ORIENTING = replace(GROUPS["same-to-all"], every_stimulus={"AU12": 0.3, "AU04": 0.2})
WEBCAM = NUISANCE["webcam"]
DRIFTING = replace(WEBCAM, drift=8.0, drift_tau_s=10.0, trend=20.0)
ALPHA = 0.05
REDRAWS = 199
SEED = 20240521


@dataclass(frozen=True)
class Situation:
    """A session without mimicry, and the swap that its design declares."""

    title: str
    swap: str
    group: Group = NOBODY
    effect: Effect = STILL
    nuisance: Nuisance = WEBCAM
    counts: Mapping[str, int] = field(default_factory=lambda: {"happy": 24, "neutral": 24})
    order: Mapping[str, int] = field(default_factory=dict)
    clips: int = 24
    emotion: str = "happy"


SITUATIONS = {
    "none": Situation("no response at all", "free"),
    "same": Situation("the same movement to every stimulus", "free", group=ORIENTING),
    "drift": Situation("strong drift", "free", nuisance=DRIFTING),
    "sway": Situation(
        "head sway, uncompensated", "free", nuisance=replace(WEBCAM, sway_deg=8.0, pose_leak=1.0)
    ),
    "unequal": Situation(
        "20 against 60 trials, twice the SD in the fewer",
        "free",
        effect=replace(STILL, trial_sd={"*": 0.15}, trial_sd_factor={"happy": 2.0}),
        counts={"happy": 20, "neutral": 60},
        clips=60,
    ),
    "clips": Situation(
        "8 clips per condition, each shown 3 times, that differ from one another",
        "clip",
        effect=replace(STILL, clip_sd={"AU12": 0.1, "AU04": 0.1}),
        clips=8,
    ),
    "miniblocks": Situation(
        "mini-blocks of 4, habituation and drift",
        "block",
        group=replace(ORIENTING, habituation=0.8),
        nuisance=DRIFTING,
        counts={"happy": 24, "angry": 24, "neutral": 24},
        order={"run": 4},
    ),
    "restricted": Situation(
        "at most 2 of a kind in a row, habituation and drift",
        "redraw",
        group=replace(ORIENTING, habituation=0.8),
        nuisance=DRIFTING,
        counts={"happy": 24, "angry": 24, "neutral": 24},
        order={"max_run": 2},
    ),
    "happy-only": Situation(
        "smiles at happy faces only; tested: anger",
        "free",
        group=Group("smiler", changes=(Change({"condition": "angry"}, 0.0),), gain_sd=0.0),
        effect=replace(STILL, mirrored=0.25, trial_cv=0.3),
        counts={"happy": 24, "angry": 24, "neutral": 24},
        emotion="angry",
    ),
}

TESTS = {
    "declared": "label swap as the design declares, D in z (the test of the package)",
    "pipeline": "the same through the whole pipeline, invalid trials left out",
    "peak r": "the same swap, mean peak correlation",
    "free labels": "label swap over trials, whatever the design",
    "mean difference": "label swap over trials, of the plain mean difference",
    "index > 0": "t test of the condition's own mean index against 0",
    "circular shift": "mean peak r against circular shifts of each response",
    "frames": "best lag of one trial, frames counted as independent",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its tables into the documentation page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000, help="for the declared test")
    parser.add_argument("--all-tests", type=int, default=600, help="sessions with every test")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=list(SITUATIONS), action="append")
    parser.add_argument("--page", type=Path, help="Markdown page whose rows are replaced")
    chosen = parser.parse_args(arguments)
    for name in chosen.only or SITUATIONS:
        for part, n, make in (
            ("declared", chosen.sessions, declared_row),
            ("all-tests", chosen.all_tests, other_row),
        ):
            if n:
                row = make(name, rates(name, n, costly=part == "all-tests", jobs=chosen.jobs))
                print(row, flush=True)
                if chosen.page:
                    put_row(chosen.page, part, row)
    return 0


def rates(
    name: str, sessions: int, *, costly: bool = False, jobs: int = 1
) -> dict[str, tuple[float, int]]:
    """Return test -> (share of p <= .05, sessions with a p value)."""
    work = [(name, k, costly) for k in range(sessions)]
    if jobs > 1:
        with ProcessPoolExecutor(jobs) as pool:
            found = list(pool.map(_one, work, chunksize=20))
    else:
        found = [_one(item) for item in work]
    result = {}
    for test in TESTS:
        p = np.array([row.get(test, np.nan) for row in found])
        n = int(np.isfinite(p).sum())
        if n:
            result[test] = (float((p[np.isfinite(p)] <= ALPHA).mean()), n)
    return result


def _one(work: tuple[str, int, bool]) -> dict[str, float]:
    name, k, costly = work
    seed = np.random.SeedSequence([SEED, list(SITUATIONS).index(name), k])
    return p_values(SITUATIONS[name], np.random.default_rng(seed), costly=costly)


def p_values(
    situation: Situation, rng: np.random.Generator, *, costly: bool = False
) -> dict[str, float]:
    """Simulate one session and return test -> p value.

    `costly`: through the whole pipeline, with all tests. Otherwise only the declared test, on
    deltas by the array functions of the pipeline, without the rules for invalid trials.
    """
    draws = REDRAWS if situation.swap == "redraw" else 999
    settings = ScoringSettings(EMOTIONS, swap=situation.swap, surrogates=draws)
    trials, timelines, track = session(situation, rng)
    conditions = np.array(trials.condition)
    own, rest = conditions == situation.emotion, conditions == "neutral"
    design = SwapDesign(
        conditions=list(conditions),
        clips=trials.stimulus_id,
        identities=trials.columns["identity"],
        runs=trials.columns["run"],
        redraw=randomiser(situation),
    )
    if not costly:
        score = index(quick_deltas(track, trials, timelines, settings), situation)
        return {"declared": label_swap(score, own, rest, design, settings, rng).p}
    aligned = align(track, trials, timelines, settings)
    valid, _ = judge_trials(aligned, settings)
    raw = delta(aligned.times_s, aligned.response, settings.windows["main"])
    raw[~valid] = np.nan
    score = index(raw, situation)
    peak = peaks(aligned, situation.emotion, settings)
    peak[~valid] = np.nan
    free = replace(settings, swap="free", surrogates=999)
    p = label_swap(score, own, rest, design, settings, rng).p
    found = {
        "declared": p,
        "pipeline": p,
        "peak r": label_swap(peak, own, rest, design, settings, rng).p,
        "mean difference": plain_swap(score, own, rest, rng),
        "index > 0": t_test(score[own]),
        "frames": frames_test(aligned, own & valid, situation.emotion, settings),
    }
    if situation.swap != "free":
        found["free labels"] = label_swap(score, own, rest, design, free, rng).p
    found["circular shift"] = circular_shift(aligned, own & valid, situation, settings, rng)
    return found


def index(raw: np.ndarray, situation: Situation) -> np.ndarray:
    """(K,) standardised pattern score of the tested emotion in every trial."""
    return pattern_score(raw / pooled_sd(raw), UNITS, EMOTIONS[situation.emotion])


def quick_deltas(
    track: ActionUnitTrack,
    trials: TrialTable,
    timelines: Mapping[str, StimulusTimeline],
    settings: ScoringSettings,
) -> np.ndarray:
    """(K, A) changes from baseline in the main window."""
    values = np.where(
        (masked_frames(track, settings) | ~track.tracked)[:, None], np.nan, track.intensity
    )
    smooth = gaussian_smooth(track.times_s, values, settings.smooth_amplitude_s)
    onsets = trials.onset_s + [timelines[s].onset_s for s in trials.stimulus_id]
    grid = time_grid(-0.5, 2.5, settings.rate_hz)
    cut = sample_at(track.times_s, smooth, (onsets[:, None] + grid).ravel(), max_gap_s=0.1)
    return delta(grid, cut.reshape(len(trials), len(grid), -1), settings.windows["main"])


def session(
    situation: Situation, rng: np.random.Generator
) -> tuple[TrialTable, Mapping[str, StimulusTimeline], ActionUnitTrack]:
    """Simulate one session."""
    trials, timelines = make_trials(
        situation.counts, rng, clips=situation.clips, interval_s=(4.0, 5.0), **situation.order
    )
    person = draw_participant("01", situation.group, situation.effect, situation.counts, rng)
    made = simulate_session(
        trials,
        timelines,
        person,
        rng=rng,
        camera=SimulatedCamera(situation.nuisance, UNITS),
        clip_effects=draw_clip_effects(situation.effect, trials.stimulus_id, rng),
    )
    return trials, timelines, made.track


def randomiser(situation: Situation) -> Redraw:
    """Return what draws the conditions of the session in a new order, as the design does."""
    names = np.array(list(situation.counts))
    counts = list(situation.counts.values())
    ahead: list[list[str]] = []

    def redraw(rng: np.random.Generator) -> list[str]:
        if not ahead:
            limit = situation.order.get("max_run")
            ahead.extend(names[restricted_orders(counts, limit, rng, REDRAWS)].tolist())
        return ahead.pop()

    return redraw


def peaks(aligned: AlignedTrials, emotion: str, settings: ScoringSettings) -> np.ndarray:
    """(K,) atanh of every trial's peak correlation with the envelope of `emotion`."""
    unit = aligned.index(EMOTIONS[emotion].targets[0])
    shown = aligned.trials.condition.index(emotion)
    envelope = np.repeat(aligned.stimulus[shown : shown + 1, :, unit], len(aligned), axis=0)
    best = np.nanmax(profiles(aligned, envelope, unit, settings), axis=1, initial=-1.0)
    return np.arctanh(np.clip(best, -1 + 1e-7, 1 - 1e-7))


def plain_swap(score: np.ndarray, own: np.ndarray, rest: np.ndarray, rng) -> float:
    """Label swap over trials of the mean difference, not studentised."""
    used = np.isfinite(score) & (own | rest)
    y, label = score[used], own[used]
    table = rng.permuted(np.tile(label, (999, 1)), axis=1)
    n = label.sum()
    drawn = table @ y / n - (~table) @ y / (len(y) - n)
    return p_value(y[label].mean() - y[~label].mean(), drawn, tail="size")


def t_test(values: np.ndarray) -> float:
    """One-sample t test against 0, two-sided."""
    from scipy.stats import ttest_1samp

    return float(ttest_1samp(values[np.isfinite(values)], 0.0).pvalue)


def frames_test(
    aligned: AlignedTrials, own: np.ndarray, emotion: str, settings: ScoringSettings
) -> float:
    """Return p of the best lag of the first trial as if its frames were independent."""
    from scipy.stats import t as student

    if not own.any():
        return float("nan")
    unit = aligned.index(EMOTIONS[emotion].targets[0])
    envelope = aligned.stimulus[:, :, unit]
    profile = profiles(aligned, envelope, unit, settings)[np.flatnonzero(own)[0]]
    if not np.isfinite(profile).any():
        return float("nan")
    r = float(np.clip(np.nanmax(profile), -1 + 1e-12, 1 - 1e-12))
    n = int(in_window(aligned.times_s, settings.stimulus_window_s).sum())
    return float(2 * student.sf(abs(r) * np.sqrt((n - 2) / (1 - r**2)), n - 2))


def circular_shift(
    aligned: AlignedTrials,
    own: np.ndarray,
    situation: Situation,
    settings: ScoringSettings,
    rng: np.random.Generator,
    draws: int = 40,
) -> float:
    """Return p (upper tail) of the mean peak r against circular shifts of every response."""
    unit = aligned.index(EMOTIONS[situation.emotion].targets[0])
    inside = np.flatnonzero(in_window(aligned.times_s, settings.stimulus_window_s))
    lags = lag_samples(settings.lags_s, aligned.rate_hz)
    first, last = inside[0] + lags[0], inside[-1] + lags[-1]
    x = aligned.stimulus[own][:, inside, unit]
    y = aligned.response_fast[own][:, first : last + 1, unit]
    complete = np.isfinite(y).all(axis=1)
    if complete.sum() < 6:
        return float("nan")
    x, y = x[complete], y[complete]
    k, n = y.shape
    shift = rng.integers(n, size=(draws, k))
    shift[0] = 0
    moved = y[np.arange(k)[None, :, None], (np.arange(n) + shift[:, :, None]) % n]
    r = lagged_correlation(
        np.tile(x, (draws, 1))[:, None], moved.reshape(-1, n), min_overlap=settings.min_overlap
    )[:, 0]
    best = np.arctanh(np.clip(np.nanmax(r, axis=1), -1 + 1e-7, 1 - 1e-7)).reshape(draws, k)
    mean = best.mean(axis=1)
    return p_value(mean[0], mean, complete=True)


def declared_row(name: str, row: Mapping[str, tuple[float, int]]) -> str:
    """Return the rate of the declared test as a row of Markdown."""
    situation, (rate, n) = SITUATIONS[name], row["declared"]
    return f"| {situation.title} | `{situation.swap}` | {_short(rate)} | {n} |"


def other_row(name: str, row: Mapping[str, tuple[float, int]]) -> str:
    """Return the rates of every test as a row of Markdown."""
    tests = [t for t in TESTS if t != "declared"]
    cells = [str(row["pipeline"][1])]
    cells += [_short(row[t][0]) if t in row else "" for t in tests]
    return f"| {SITUATIONS[name].title} | {' | '.join(cells)} |"


def _short(rate: float) -> str:
    return f"{rate:.3f}".lstrip("0") if rate < 1 else "1"


def put_row(page: Path, name: str, row: str, key_cells: int = 1) -> None:
    """Replace the row of a table that begins with the same cells, or add it at the end."""
    key = row.split("|")[: key_cells + 1]
    lines = get_table(page, name).splitlines()
    same = [k for k, line in enumerate(lines) if line.split("|")[: key_cells + 1] == key]
    at = same[0] if same else len(lines)
    lines[at : at + 1] = [row]
    put_table(page, name, "\n".join(lines))


def get_table(page: Path, name: str) -> str:
    """Return what stands between ``<!-- NAME -->`` and ``<!-- end NAME -->`` in a page."""
    _, _, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->")
    text, found, _ = rest.partition(f"<!-- end {name} -->")
    if not found:
        raise SystemExit(f"{page} has no place for the table {name}")
    return text.strip()


def put_table(page: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of `name` in a page."""
    old = page.read_text(encoding="utf-8")
    get_table(page, name)
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    before, _, rest = old.partition(start)
    write_text(page, f"{before}{start}\n{text}\n{end}{rest.partition(end)[2]}")


if __name__ == "__main__":
    sys.exit(main())
