"""Which stimuli a protocol needs, whether they exist, and how they move as planned."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mimicry.errors import InputError
from mimicry.files import read_json
from mimicry.protocol.explain import explain
from mimicry.protocol.positions import Problem
from mimicry.records import StimulusTimeline

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["check_stimuli", "planned_timelines", "stimulus_ids"]

# What the package can render; the ids are <emotion>-<identity>-<kind>.
EMOTIONS = (
    "happy",
    "angry",
    "sad",
    "fear",
    "disgust",
    "surprise",
    "pain",
    "yawn",
    "neutral",
    "pucker",
)
IDENTITIES = tuple(f"{sex}{number:02d}" for sex in "mf" for number in range(1, 5))
KINDS = ("dynamic", "static")
STEP_S = 0.01


def stimulus_ids(protocol: "Protocol") -> dict[str, tuple[str, str]]:
    """Return every stimulus id that a session can show -> (condition, kind)."""
    stimuli = protocol.file.stimuli
    ids: dict[str, tuple[str, str]] = {}
    for condition, spec in protocol.file.conditions.items():
        for identity in stimuli.identities:
            for levels in protocol.level_combinations():
                kind = protocol.stimulus_kind(levels)
                name = stimuli.pattern.format(
                    emotion=spec.emotion, identity=identity, kind=kind, **levels
                )
                ids[name] = (condition, kind)
    return ids


def check_stimuli(protocol: "Protocol") -> Iterator[Problem]:
    """Yield a problem for every part of the stimulus set that does not exist."""
    if protocol.file.stimuli.manifest is not None:
        yield from _against_manifest(protocol, protocol.file.stimuli.manifest)
        return
    for condition, spec in protocol.file.conditions.items():
        if spec.emotion not in EMOTIONS:
            said = f"there is no stimulus for emotion {spec.emotion!r}"
            yield Problem(
                ("conditions", condition, "emotion"),
                f"{said} (conditions.{condition}.emotion); {explain(spec.emotion, EMOTIONS)}",
            )
    for identity in protocol.file.stimuli.identities:
        if identity not in IDENTITIES:
            yield Problem(
                ("stimuli", "identities"),
                f"there is no model face {identity!r} (stimuli.identities); "
                f"{explain(identity, IDENTITIES)}",
            )
    for kind in sorted({kind for _, kind in stimulus_ids(protocol).values()} - set(KINDS)):
        said = f"there is no kind of stimulus {kind!r} (stimuli.kind)"
        yield Problem(("stimuli", "kind"), f"{said}; {explain(kind, KINDS)}")


def _against_manifest(protocol: "Protocol", name: str) -> Iterator[Problem]:
    key = ("stimuli", "manifest")
    path = protocol.path.parent / name
    try:
        entries = read_json(path)["stimuli"]
        known = {entry["id"] for entry in entries}
    except (InputError, KeyError, TypeError) as error:
        said = error.message if isinstance(error, InputError) else "it lists no stimuli with ids"
        yield Problem(key, f"stimuli.manifest {name} cannot be used: {said}")
        return
    missing = [stimulus for stimulus in stimulus_ids(protocol) if stimulus not in known]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        said = f"the stimulus {missing[0]!r}{more} is not in stimuli.manifest {name}"
        yield Problem(key, f"{said}; {explain(missing[0], known)}")


def planned_timelines(protocol: "Protocol") -> dict[str, StimulusTimeline]:
    """Return stimulus id -> movement as the protocol plans it, for simulations and previews.

    The target units of the condition rise with minimum jerk to 1.0 and fall the same way;
    a control condition moves the eyelids (AU45) instead. What a real clip does stands in the
    stimulus manifest.
    """
    made: dict[str, StimulusTimeline] = {}
    for levels in protocol.level_combinations():
        timing = protocol.timing(levels)
        kind = protocol.stimulus_kind(levels)
        for name, (condition, own_kind) in stimulus_ids(protocol).items():
            if own_kind == kind:
                targets = protocol.file.conditions[condition].targets or ["AU45"]
                made[name] = _timeline(name, timing, tuple(targets))
    return made


def _timeline(name: str, timing: dict[str, float], names: tuple[str, ...]) -> StimulusTimeline:
    onset = timing["neutral"]
    apex = onset + timing["rise"]
    fall = apex + timing["apex"]
    end = fall + timing["fall"]
    times = np.linspace(0.0, end, max(2, round(end / STEP_S) + 1))
    course = _smooth_step(times - onset, timing["rise"])
    if timing["fall"]:
        course = course - _smooth_step(times - fall, timing["fall"])
    return StimulusTimeline(
        times_s=times,
        intensity=np.repeat(course[:, None], len(names), axis=1),
        names=names,
        onset_s=onset,
        apex_s=apex,
        offset_s=fall if timing["fall"] else float("nan"),
        stimulus_id=name,
    )


def _smooth_step(times_s: np.ndarray, duration_s: float) -> np.ndarray:
    """Minimum-jerk step from 0 to 1."""
    if duration_s <= 0:
        return (times_s >= 0).astype(np.float64)
    u = np.clip(times_s / duration_s, 0.0, 1.0)
    return np.asarray(u**3 * (10 - 15 * u + 6 * u**2))
