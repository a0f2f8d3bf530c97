"""How often do the tests say "mimicry" when there is none?

Simulates sessions of one participant without any mimicry, in nine situations that are known
to break tests, and counts p <= .05 of

* the label-swap test with the swap that the design of the situation declares,
* label swaps that do not follow the design, and other tests in use, which should not be used.

Run ``python benchmarks/calibration.py`` (about half an hour on two cores); it writes the
table that ``docs/calibration.md`` shows. Every session has its own seed.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mimicry.kernels.baseline import delta, pooled_sd
from mimicry.kernels.correlation import lag_samples, lagged_correlation
from mimicry.kernels.orders import restricted_orders
from mimicry.kernels.windows import in_window
from mimicry.records import AlignedTrials, EmotionMap, ScoringSettings
from mimicry.scoring.lag import profiles
from mimicry.scoring.pattern import pattern_score
from mimicry.scoring.swap import Redraw, SwapDesign, label_swap
from mimicry.scoring.validity import judge_trials
from mimicry.synthetic.design import make_trials
from mimicry.synthetic.effects import GROUPS, Change, Effect, Group
from mimicry.synthetic.nuisance import NUISANCE, Nuisance
from mimicry.synthetic.participants import draw_clip_effects, draw_participant
from mimicry.synthetic.population import simulate_session
from mimicry.timeline import align

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
    "peak r": "the same swap, mean peak correlation",
    "free labels": "label swap over trials, whatever the design",
    "mean difference": "label swap over trials, of the plain mean difference",
    "index > 0": "t test of the condition's own mean index against 0",
    "circular shift": "mean peak r against circular shifts of each response",
    "frames": "best lag of one trial, frames counted as independent",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--costly", type=int, default=400, help="sessions with circular shifts")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=list(SITUATIONS), action="append")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(arguments)
    rows = {}
    for name in chosen.only or SITUATIONS:
        start = time.time()
        rows[name] = rates(name, chosen.sessions, costly=chosen.costly, jobs=chosen.jobs)
        print(name, rows[name], f"{time.time() - start:.0f} s", file=sys.stderr, flush=True)
    text = table(rows)
    print(text)
    if chosen.out:
        chosen.out.write_text(text + "\n", encoding="utf-8")
    return 0


def rates(
    name: str, sessions: int, *, costly: int = 0, jobs: int = 1
) -> dict[str, tuple[float, int]]:
    """Return test -> (share of p <= .05, sessions with a p value)."""
    work = [(name, k, k < costly) for k in range(sessions)]
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
    """Simulate one session and return test -> p value."""
    settings = ScoringSettings(EMOTIONS, swap=situation.swap, surrogates=999)
    aligned, redraw = session(situation, settings, rng)
    valid, _ = judge_trials(aligned, settings)
    conditions = np.array(aligned.trials.condition)
    own, rest = conditions == situation.emotion, conditions == "neutral"
    design = SwapDesign(
        conditions=list(conditions),
        clips=aligned.trials.stimulus_id,
        identities=aligned.trials.columns["identity"],
        runs=aligned.trials.columns["run"],
        redraw=redraw,
    )
    raw = delta(aligned.times_s, aligned.response, settings.windows["main"])
    raw[~valid] = np.nan
    z = raw / pooled_sd(raw)
    score = pattern_score(z, aligned.names, EMOTIONS[situation.emotion])
    peak = peaks(aligned, situation.emotion, settings)
    peak[~valid] = np.nan
    if situation.swap == "redraw":
        settings = replace(settings, surrogates=REDRAWS)
    free = replace(settings, swap="free", surrogates=999)
    found = {
        "declared": label_swap(score, own, rest, design, settings, rng).p,
        "peak r": label_swap(peak, own, rest, design, settings, rng).p,
        "mean difference": plain_swap(score, own, rest, rng),
        "index > 0": t_test(score[own]),
        "frames": frames_test(aligned, own & valid, situation.emotion, settings),
    }
    if situation.swap != "free":
        found["free labels"] = label_swap(score, own, rest, design, free, rng).p
    if costly:
        found["circular shift"] = circular_shift(aligned, own & valid, situation, settings, rng)
    return found


def session(
    situation: Situation, settings: ScoringSettings, rng: np.random.Generator
) -> tuple[AlignedTrials, Redraw | None]:
    """Simulate one session; also return the randomiser of its order."""
    trials, timelines = make_trials(
        situation.counts, rng, clips=situation.clips, interval_s=(4.0, 5.0), **situation.order
    )
    person = draw_participant("01", situation.group, situation.effect, situation.counts, rng)
    made = simulate_session(
        trials,
        timelines,
        person,
        rng=rng,
        nuisance=situation.nuisance,
        names=UNITS,
        clip_effects=draw_clip_effects(situation.effect, trials.stimulus_id, rng),
    )
    return align(made.track, trials, timelines, settings), randomiser(situation)


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
    return float((1 + np.sum(np.abs(drawn) >= abs(y[label].mean() - y[~label].mean()))) / 1000)


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
    draws: int = 199,
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
    return float(np.mean(mean >= mean[0] - 1e-9))


def table(rows: Mapping[str, Mapping[str, tuple[float, int]]]) -> str:
    """Return a Markdown table of rejection rates."""
    lines = [
        "| situation | swap | " + " | ".join(TESTS) + " |",
        "|---|---|" + "---|" * len(TESTS),
    ]
    for name, row in rows.items():
        cells = [f"{row[t][0]:.3f}".lstrip("0") if t in row else "" for t in TESTS]
        cells[0] = f"**{cells[0]}**"
        situation = SITUATIONS[name]
        lines.append(f"| {situation.title} | `{situation.swap}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
