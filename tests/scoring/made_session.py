"""A made-up participant whose truth is known: responses that follow the stimulus."""

from collections.abc import Mapping

import numpy as np

from mimicry.records import (
    ActionUnitTrack,
    EmotionMap,
    ScoringSettings,
    StimulusTimeline,
    TrialTable,
)

UNITS = ("AU12", "AU04")
EMOTIONS = {
    "happy": EmotionMap(("AU12",), ("AU04",), "positive"),
    "angry": EmotionMap(("AU04",), ("AU12",), "negative"),
}
SETTINGS = ScoringSettings(EMOTIONS)


def rise(times, length=0.75):
    """Raised cosine from 0 to 1, then held."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(np.asarray(times) / length, 0, 1))


def stimulus(name: str, units: Mapping[str, float], onset: float = 0.5) -> StimulusTimeline:
    times = np.arange(0, 251) / 100
    return StimulusTimeline(
        times_s=times,
        intensity=np.outer(rise(times - onset), list(units.values())),
        names=tuple(units),
        onset_s=onset,
        apex_s=onset + 0.75,
        offset_s=np.nan,
        stimulus_id=name,
        identity=name.split("-")[-1],
    )


TIMELINES = {
    f"{emotion}-m{k}": stimulus(f"{emotion}-m{k}", units)
    for k in range(8)
    for emotion, units in (
        ("happy", {"AU12": 1.0}),
        ("angry", {"AU04": 1.0}),
        ("neutral", {"AU45": 1.0}),
    )
}


def trial_table(conditions, spacing=6.0, **columns) -> TrialTable:
    counts = dict.fromkeys(conditions, 0)
    ids = []
    for condition in conditions:
        ids.append(f"{condition}-m{counts[condition] % 8}")
        counts[condition] += 1
    n = len(conditions)
    return TrialTable(
        trial_id=tuple(f"t{k + 1}" for k in range(n)),
        stimulus_id=tuple(ids),
        condition=tuple(conditions),
        onset_s=2.0 + spacing * np.arange(n),
        duration_s=np.full(n, np.nan),
        columns=columns,
    )


def track_of(times, intensity, **quality) -> ActionUnitTrack:
    n = len(times)
    ones = np.ones(n)
    given = {
        "success": ones,
        "scale_px": ones,
        "luminance": ones,
        "sharpness": ones,
        "blink": 0 * ones,
        "pose_ok": ones,
        "fit_residual": 0 * ones,
        "plausible": ones,
    } | quality
    pose = given.pop("pose_deg", np.zeros((n, 3)))
    return ActionUnitTrack(
        times_s=times,
        intensity=intensity,
        names=UNITS,
        pose_deg=pose,
        quality=given,
        blendshapes=np.empty((n, 0)),
    )


def recording(
    trials, gains, *, delay=0.4, noise=0.02, fps=30.0, seed=1, each_sd=0.0, **quality
) -> ActionUnitTrack:
    """Responses `gains[condition][unit]` that follow the stimulus by `delay`, plus noise."""
    rng = np.random.default_rng(seed)
    times = np.arange(0.0, trials.onset_s[-1] + 6.0, 1 / fps)
    values = rng.normal(0, noise, (len(times), len(UNITS)))
    for onset, condition in zip(trials.onset_s, trials.condition, strict=True):
        start = onset + 0.5 + delay
        course = rise(times - start) * (times < start + 3.5)
        for k, unit in enumerate(UNITS):
            gain = gains.get(condition, {}).get(unit, 0.0) + rng.normal(0, each_sd)
            values[:, k] += gain * course
    return track_of(times, values, **quality)


def mixed_order(n, names=("happy", "angry", "neutral"), seed=0):
    rng = np.random.default_rng(seed)
    return [str(c) for c in rng.permutation([name for name in names for _ in range(n)])]
