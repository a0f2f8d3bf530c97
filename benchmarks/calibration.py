"""How often do the tests say "mimicry" when there is none?

Sessions of one participant without any mimicry, in situations that are known to break tests, and
how often there is p <= .05 of

* the label-swap test of the contrast and of its target part, with the swap that the design of
  the situation declares, and a claim of mimicry or counter-mimicry,
* label swaps that do not follow the design, and other tests in use, which should not be used,
* the same label swaps, and a claim, when there is mimicry: the power.

Run ``python -m benchmarks calibration --page docs/calibration.md`` (about 25 minutes of CPU).
Every session has its own seed, so ``--only NAME`` gives the same row as the whole run and
replaces that row alone.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from benchmarks import tables
from benchmarks.other_tests import TESTS, circular_shift, frames_test, peaks, plain_swap, t_test
from benchmarks.tables import Table, short, significant
from benchmarks.trial_lists import EMOTIONS, UNITS, cut_trials, make_trials
from mimicry.kernels.baseline import delta, pooled_sd
from mimicry.kernels.orders import restricted_orders
from mimicry.records import ActionUnitTrack, ScoringSettings, StimulusTimeline, TrialTable
from mimicry.scoring.arrange import Redraw, SwapDesign
from mimicry.scoring.claims import decide_claim
from mimicry.scoring.pattern import contrast, pattern_parts
from mimicry.scoring.swap import label_swap, label_swaps
from mimicry.scoring.validity import judge_trials
from mimicry.simulation.effects import GROUPS, Change, Effect, Group
from mimicry.simulation.nuisance import NUISANCE, Nuisance
from mimicry.simulation.participants import draw_clip_effects, draw_participant
from mimicry.simulation.population import SimulatedCamera, simulate_session
from mimicry.timeline.align import align

STILL = Effect(mirrored=0.0, person_sd={"*": 0.0}, trial_sd={"*": 0.05}, trial_cv=0.0)
NOBODY = Group("none", gain=0.0)
MIMIC = Group("mimic", gain_sd=0.0)
STARTLED = Group(
    "startled",
    gain=0.0,
    gain_sd=0.0,
    latency_s=0.1,
    latency_sd=0.0,
    shape="brief",
    every_stimulus={"AU12": 0.3, "AU04": 0.3},
)
ORIENTING = replace(GROUPS["same-to-all"], every_stimulus={"AU12": 0.3, "AU04": 0.2})
WEBCAM = NUISANCE["webcam"]
DRIFTING = replace(WEBCAM, drift=8.0, drift_tau_s=10.0, trend=20.0)
REDRAWS = 199
SEED = 20240521


@dataclass(frozen=True)
class Situation:
    """A session of one participant, and the swap that its design declares."""

    title: str
    swap: str
    group: Group = NOBODY
    effect: Effect = STILL
    nuisance: Nuisance = WEBCAM
    counts: Mapping[str, int] = field(default_factory=lambda: {"happy": 24, "neutral": 24})
    order: Mapping[str, int] = field(default_factory=dict)
    clips: int = 24
    emotion: str = "happy"


def _moves(**amplitude: Mapping[str, float]) -> Effect:
    """Return who makes these movements, a third larger or smaller from trial to trial."""
    return replace(STILL, amplitude=amplitude, trial_cv=0.3)


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
    "smile-both": Situation(
        "smiles at happy and neutral faces alike; tested: anger",
        "free",
        group=MIMIC,
        effect=_moves(happy={"AU12": 0.25}, neutral={"AU12": 0.25}),
        counts={"happy": 24, "angry": 24, "neutral": 24},
        emotion="angry",
    ),
    "opponent": Situation(
        "the brow relaxes at happy faces, the mouth stays still",
        "free",
        group=MIMIC,
        effect=_moves(happy={"AU04": -0.25}),
    ),
    "startle": Situation("startle at every stimulus", "free", group=STARTLED),
    "habituating": Situation(
        "startle that falls to a tenth", "free", group=replace(STARTLED, habituation=0.9)
    ),
    "restless": Situation("restless participant", "free", nuisance=NUISANCE["restless"]),
}
POWER = {
    **{
        f"target {size:g}": Situation(
            f"the mouth rises by {size:g}", "free", MIMIC, _moves(happy={"AU12": size})
        )
        for size in (0.025, 0.05, 0.075)
    },
    **{
        f"both {size:g}": Situation(
            f"the mouth rises by {size:g}, the brow falls by as much",
            "free",
            MIMIC,
            _moves(happy={"AU12": size, "AU04": -size}),
        )
        for size in (0.025, 0.05, 0.075)
    },
}
_ALL = {**SITUATIONS, **POWER}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its tables into the documentation page."""
    return tables.command(TABLES, arguments, __doc__)


def one_session(name: str, k: int, *, costly: bool = False) -> dict[str, float]:
    """Return test -> p value of session `k` of a situation."""
    seed = np.random.SeedSequence([SEED, list(_ALL).index(name), k])
    return p_values(_ALL[name], np.random.default_rng(seed), costly=costly)


def p_values(
    situation: Situation, rng: np.random.Generator, *, costly: bool = False
) -> dict[str, float]:
    """Simulate one session and return test -> p value.

    `costly`: through the whole pipeline, with all tests. Otherwise only the declared test of
    the contrast and of its target part, and the claim that rests on both, on deltas by the array
    functions of the pipeline.
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
        grid, cut = cut_trials(
            track, trials, timelines, settings, smooth_s=settings.smooth_amplitude_s
        )
        target, opponent = parts(delta(grid, cut, settings.windows["main"]), situation)
        rows = np.stack([target - opponent, target])
        p, p_target = (r.p for r in label_swaps(rows, own, rest, design, settings, rng))
        differences = (contrast(row, own, rest) for row in rows)
        return {
            "declared": p,
            "target": p_target,
            "claim": float(decide_claim(*differences, p, p_target)[0]),
        }
    aligned = align(track, trials, timelines, settings)
    valid, _ = judge_trials(aligned, settings)
    raw = delta(aligned.times_s, aligned.response, settings.windows["main"])
    raw[~valid] = np.nan
    target, opponent = parts(raw, situation)
    score = target - opponent
    peak = peaks(aligned, situation.emotion, settings)
    peak[~valid] = np.nan
    free = replace(settings, swap="free", surrogates=999)
    found = {
        "pipeline": label_swap(score, own, rest, design, settings, rng).p,
        "peak r": label_swap(peak, own, rest, design, settings, rng).p,
        "mean difference": plain_swap(score, own, rest, rng),
        "index > 0": t_test(score[own]),
        "frames": frames_test(aligned, own & valid, situation.emotion, settings),
    }
    if situation.swap != "free":
        found["free labels"] = label_swap(score, own, rest, design, free, rng).p
    found["circular shift"] = circular_shift(aligned, own & valid, situation.emotion, settings, rng)
    return found


def parts(raw: np.ndarray, situation: Situation) -> np.ndarray:
    """(2, K) standardised means over targets and opponents of the tested emotion."""
    return pattern_parts(raw / pooled_sd(raw), UNITS, EMOTIONS[situation.emotion])


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


def rates(found: Sequence[Mapping[str, float]], tests: Sequence[str]) -> list[str]:
    """Return the share of p <= .05 of each test as cells; empty for one that was not made."""
    return [short(significant([row.get(test, np.nan) for row in found])) for test in tests]


def false_claims(name: str, found: list[dict[str, float]]) -> list[str]:
    """Return the row of a situation without mimicry."""
    situation, n = SITUATIONS[name], np.isfinite([row["declared"] for row in found]).sum()
    shares = rates(found, ("declared", "target", "claim"))
    return [situation.title, f"`{situation.swap}`", *shares, str(n)]


def power(name: str, found: list[dict[str, float]]) -> list[str]:
    """Return the row of a situation with mimicry."""
    return [POWER[name].title, *rates(found, ("declared", "target", "claim")), str(len(found))]


def by_test(name: str, found: list[dict[str, float]]) -> list[str]:
    """Return the row of every test."""
    n = np.isfinite([row["pipeline"] for row in found]).sum()
    return [SITUATIONS[name].title, str(n), *rates(found, list(TESTS))]


TABLES = {
    "declared": Table(SITUATIONS, one_session, false_claims, 2000),
    "power": Table(POWER, one_session, power, 2000),
    "all-tests": Table(SITUATIONS, partial(one_session, costly=True), by_test, 600),
}


if __name__ == "__main__":
    sys.exit(main())
