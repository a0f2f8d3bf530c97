"""Which stimuli a protocol needs, and whether they exist and fit its timing."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mimicry.errors import InputError, StimulusError
from mimicry.protocol.explain import explain
from mimicry.protocol.positions import Key, Problem, show_key
from mimicry.protocol.session import CLIP
from mimicry.synthetic.recipes import CLIP_S, KINDS, MODELS, ONSET_S, RECIPES

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol
    from mimicry.timeline.manifest import StimulusSet

__all__ = ["check_shown", "check_stimuli", "stimulus_ids"]

_KIND = re.compile(rf"({'|'.join(KINDS)})(?:-i\d+)?(?:-d(?P<seconds>\d+(?:\.\d+)?))?")


def stimulus_ids(protocol: "Protocol") -> dict[str, str]:
    """Return every stimulus id that a session can show -> its condition."""
    return {protocol.stimulus_id(item): item.condition for item in protocol.items()}


def check_stimuli(protocol: "Protocol") -> Iterator[Problem]:
    """Yield a problem for every part of the stimulus set that does not exist."""
    if protocol.manifest is not None:
        yield from _against_manifest(protocol)
        return
    for condition, spec in protocol.file.conditions.items():
        if spec.emotion not in RECIPES:
            text = f"there is no stimulus for emotion {spec.emotion!r}"
            yield Problem(
                ("conditions", condition, "emotion"),
                f"{text} (conditions.{condition}.emotion); {explain(spec.emotion, RECIPES)}",
            )
    for identity in protocol.file.stimuli.identities:
        if identity not in MODELS:
            yield Problem(
                ("stimuli", "identities"),
                f"there is no model face {identity!r} (stimuli.identities); "
                f"{explain(identity, MODELS)}",
            )
    seen: set[Problem] = set()
    for levels in protocol.level_combinations():
        kind = protocol.stimulus_kind(levels)
        match = _KIND.fullmatch(kind)
        if match is None:
            text = f"there is no kind of stimulus {kind!r} (stimuli.kind)"
            near = f"{explain(kind, KINDS)} A length is given as in dynamic-d4, in seconds."
            yield Problem(("stimuli", "kind"), f"{text}; {near}")
            return
        problems = list(_length(protocol, levels, kind, float(match["seconds"] or CLIP_S)))
        yield from (problem for problem in problems if problem not in seen)
        seen.update(problems)


def _length(
    protocol: "Protocol", levels: dict[str, str], kind: str, seconds: float
) -> Iterator[Problem]:
    """Compare the planned phases with the clip that will be rendered."""
    timing = protocol.timing(levels)
    moves = kind.startswith("dynamic")
    rises = sorted({recipe.rise_s for recipe in RECIPES.values()}) if moves else [0.0]
    wanted = {"neutral": (ONSET_S if moves else 0.0,), "rise": rises, "fall": (0.0,)}
    for phase, known in wanted.items():
        if not any(abs(timing[phase] - value) < 1e-9 for value in known):
            key = _place(protocol, levels, f"{phase}_s")
            yield Problem(
                key,
                f"{show_key(key)} is {timing[phase]:g}, but {phase} lasts {known[0]:g} s in the "
                f"rendered clips of kind {kind}; change it, or name your own stimuli.manifest",
            )
    planned = sum(timing[phase] for phase in CLIP)
    if abs(planned - seconds) > 1e-6:
        yield Problem(
            _place(protocol, levels, "apex_s"),
            f"the phases from neutral to fall last {planned:g} s, but clips of kind {kind} last "
            f"{seconds:g} s; write '{kind.split('-')[0]}-d{planned:g}' or change timing.apex_s",
        )


def _place(protocol: "Protocol", levels: dict[str, str], phase: str) -> Key:
    """Return where the duration of a phase stands: at a factor level, or in the timing."""
    for factor, level in levels.items():
        if phase in protocol.file.design.factors[factor].levels[level].timing:
            return ("design", "factors", factor, "levels", level, "timing", phase)
    return ("timing", phase)


def _against_manifest(protocol: "Protocol") -> Iterator[Problem]:
    key, name = ("stimuli", "manifest"), protocol.file.stimuli.manifest
    try:
        known = protocol.timelines()
    except InputError as error:
        yield Problem(key, f"stimuli.manifest {name} cannot be used: {error.message}")
        return
    missing = [stimulus for stimulus in stimulus_ids(protocol) if stimulus not in known]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        text = f"the stimulus {missing[0]!r}{more} is not in stimuli.manifest {name}"
        yield Problem(key, f"{text}; {explain(missing[0], known)}")
    wrong = _wrong_emotion(protocol, known)
    if wrong is not None:
        yield Problem(("conditions", wrong[0], "emotion"), wrong[1])


def check_shown(protocol: "Protocol", stimuli: "StimulusSet") -> None:
    """Refuse a manifest whose clips show other emotions than their conditions.

    Raises
    ------
    StimulusError
        With the first such clip.
    """
    wrong = _wrong_emotion(protocol, stimuli)
    if wrong is not None:
        raise StimulusError(wrong[1], path=stimuli.path, key="emotion")


def _wrong_emotion(protocol: "Protocol", stimuli: "StimulusSet") -> tuple[str, str] | None:
    """Return condition and sentence of the first clip that shows another emotion, if any does."""
    from mimicry.timeline.crosscheck import contradictions

    pairs = [(condition, name) for name, condition in stimulus_ids(protocol).items()]
    wrong = contradictions(pairs, stimuli, protocol.emotions())
    if not wrong:
        return None
    condition, name = pairs[wrong[0]]
    text = (
        f"condition {condition!r} shows {protocol.file.conditions[condition].emotion!r}, but its "
        f"clip {name!r} is {stimuli[name].emotion!r} in the manifest; any_emotion: true at the "
        "condition allows that"
    )
    return condition, text
