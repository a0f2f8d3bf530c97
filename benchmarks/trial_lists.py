"""Plain trial lists, envelopes and cut trials, for simulations without a protocol file."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.orders import restricted_orders
from mimicry.kernels.resample import sample_at, time_grid
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.records import ActionUnitTrack, EmotionMap, ScoringSettings
from mimicry.records.timeline import StimulusTimeline, TrialTable
from mimicry.synthetic.motion import minimum_jerk
from mimicry.timeline.masking import masked_frames

__all__ = [
    "EMOTIONS",
    "PROTOTYPES",
    "UNITS",
    "cut_trials",
    "make_timelines",
    "make_trials",
    "shuffled_order",
]

#: Two emotions, each the opponent of the other, and the action units that take part.
EMOTIONS: Mapping[str, EmotionMap] = {
    "happy": EmotionMap(("AU12",), ("AU04",), "positive"),
    "angry": EmotionMap(("AU04",), ("AU12",), "negative"),
}
UNITS = ("AU04", "AU12")

#: What a stimulus of each condition moves, in action-unit units.
PROTOTYPES: Mapping[str, Mapping[str, float]] = {
    "happy": {"AU06": 0.6, "AU12": 1.0},
    "angry": {"AU04": 1.0, "AU07": 0.6},
    "sad": {"AU01": 0.8, "AU04": 0.5, "AU15": 0.8},
    "neutral": {"AU45": 1.0},
}


def make_timelines(
    stimuli: Mapping[str, str],
    *,
    onset_s: float = 0.5,
    rise_s: float = 0.75,
    hold_s: float = 1.25,
) -> dict[str, StimulusTimeline]:
    """Return stimulus id -> envelope, for a mapping stimulus id -> condition.

    Each clip is still for `onset_s`, moves to its apex in `rise_s` (minimum jerk) and holds.
    """
    return {s: _timeline(s, c, onset_s, rise_s, hold_s) for s, c in stimuli.items()}


@lru_cache(maxsize=1024)
def _timeline(
    stimulus: str, condition: str, onset_s: float, rise_s: float, hold_s: float
) -> StimulusTimeline:
    units = PROTOTYPES[condition]
    times = np.arange(0.0, onset_s + rise_s + hold_s + 0.005, 0.01)
    course = minimum_jerk((times - onset_s) / rise_s)
    return StimulusTimeline(
        times_s=times,
        intensity=np.outer(course, list(units.values())),
        names=tuple(units),
        onset_s=onset_s,
        apex_s=onset_s + rise_s,
        offset_s=np.nan,
        stimulus_id=stimulus,
    )


def shuffled_order(
    labels: Sequence[str], rng: np.random.Generator, *, max_run: int | None = None, run: int = 1
) -> NDArray[np.intp]:
    """Return an order of `labels` as indices.

    `run` > 1 keeps trials of one label together in runs of this length (mini-blocks, which
    are shuffled). `max_run` allows at most so many equal labels (or mini-blocks) one after the
    other; every order that keeps it is equally likely.

    Raises
    ------
    ValueError
        When no order keeps `max_run`.
    """
    names = list(dict.fromkeys(labels))
    pools = [
        rng.permutation([k for k, other in enumerate(labels) if other == name]) for name in names
    ]
    pieces = [[pool[i : i + run] for i in range(0, len(pool), run)] for pool in pools]
    order = restricted_orders([len(p) for p in pieces], max_run, rng)[0]
    return np.concatenate([pieces[label].pop() for label in order])


def make_trials(
    counts: Mapping[str, int],
    rng: np.random.Generator,
    *,
    clips: int = 8,
    max_run: int | None = None,
    run: int = 1,
    interval_s: tuple[float, float] = (5.5, 7.0),
) -> tuple[TrialTable, dict[str, StimulusTimeline]]:
    """Return a session of `counts` trials per condition, and its stimulus envelopes.

    Parameters
    ----------
    counts
        Condition -> number of trials.
    clips
        Different clips (identities ``m1``, ``m2``, ...) per condition, used in turn.
    max_run, run
        See :func:`shuffled_order`.
    interval_s
        From one clip's start to the next: drawn evenly between these.
    """
    condition = [c for c, n in counts.items() for _ in range(n)]
    identity = [f"m{k % clips + 1}" for n in counts.values() for k in range(n)]
    order = shuffled_order(condition, rng, max_run=max_run, run=run)
    condition = [condition[k] for k in order]
    identity = [identity[k] for k in order]
    stimulus = [f"{c}-{m}" for c, m in zip(condition, identity, strict=True)]
    onsets = 2.0 + np.cumsum(rng.uniform(*interval_s, len(order))) - interval_s[0]
    trials = TrialTable(
        trial_id=tuple(str(k + 1) for k in range(len(order))),
        stimulus_id=tuple(stimulus),
        condition=tuple(condition),
        onset_s=onsets,
        duration_s=np.full(len(order), 2.5),
        columns={
            "identity": tuple(identity),
            "block": ("watch",) * len(order),
            "run": tuple(str(k // run + 1) for k in range(len(order))),
        },
    )
    return trials, make_timelines(dict(zip(stimulus, condition, strict=True)))


def cut_trials(
    track: ActionUnitTrack,
    trials: TrialTable,
    timelines: Mapping[str, StimulusTimeline],
    settings: ScoringSettings,
    *,
    smooth_s: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (G,) grid and (K, G, A) trials, without the rules for invalid ones.

    Masked, smoothed and sampled by the array functions of the pipeline.
    """
    hidden = (masked_frames(track, settings) | ~track.tracked)[:, None]
    smooth = gaussian_smooth(track.times_s, np.where(hidden, np.nan, track.intensity), smooth_s)
    onsets = trials.onset_s + [timelines[s].onset_s for s in trials.stimulus_id]
    grid = time_grid(-0.5, 2.5, settings.rate_hz)
    cut = sample_at(
        track.times_s, smooth, (onsets[:, None] + grid).ravel(), max_gap_s=settings.max_gap_s
    )
    return grid, cut.reshape(len(trials), len(grid), -1)
