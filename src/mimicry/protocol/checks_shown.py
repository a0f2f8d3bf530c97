"""Checks of what participants meet: faces, trials, orders, questions, the camera."""

import string
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mimicry.kernels.mixing import crossed_start
from mimicry.protocol.explain import repeated, unknown
from mimicry.protocol.positions import Problem
from mimicry.protocol.schema_shown import Block, Rating
from mimicry.protocol.session import CLIP
from mimicry.protocol.stimuli import check_stimuli

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["RESERVED", "shown_problems"]

MOST_TRIALS = 5000  # of a block: hours
MOST_KEYS = 21  # three rows of buttons on a small screen

# columns of a session's tables: a factor of this name would overwrite them
_COLUMNS = """
condition block group visit identity emotion kind run task session participant onset duration
trial_type stimulus trial_id phase onset_reported onset_source onset_spread calibrated
frames_shown frames_dropped segment repeated lost_fraction max_gap recording_notes valid reason
"""
RESERVED = frozenset(_COLUMNS.split())


def shown_problems(protocol: "Protocol") -> Iterator[Problem]:
    """Yield every mistake in what is shown, asked and filmed."""
    for check in (_stimuli, _phases, _visits, _factors, _blocks, _ratings, _camera):
        yield from check(protocol)


def _stimuli(protocol: "Protocol") -> Iterator[Problem]:
    stimuli = protocol.file.stimuli
    yield from repeated(("stimuli", "identities"), stimuli.identities)
    names = {"emotion", "identity", "kind", *protocol.file.design.factors}
    try:
        used = [name for _, name, _, _ in string.Formatter().parse(stimuli.pattern) if name]
    except ValueError as error:
        yield Problem(("stimuli", "pattern"), f"stimuli.pattern cannot be read ({error})")
        return
    wrong = list(unknown(("stimuli", "pattern"), used, names, "stimuli.pattern uses"))
    if protocol.face_to_face():  # where people meet, the partner is the stimulus
        return
    yield from wrong or _told_apart(protocol) or check_stimuli(protocol)


def _told_apart(protocol: "Protocol") -> list[Problem]:
    """See whether what differs between trials also stands in the names of their stimuli."""
    meant: dict[str, dict[str, str]] = {}
    for item in protocol.items():
        name, cell = protocol.stimulus_id(item), protocol.told_apart_by(item)
        other = meant.setdefault(name, cell)
        for part in (p for p in cell if cell[p] != other[p]):
            text = f"stimuli.pattern shows {name!r} for {other[part]!r} and {cell[part]!r}"
            return [Problem(("stimuli", "pattern"), f"{text}; put {{{part}}} into it")]
    return []


def _phases(protocol: "Protocol") -> Iterator[Problem]:
    for levels in protocol.level_combinations():
        timing = protocol.timing(levels)
        if not sum(timing[phase] for phase in CLIP):
            at = " ".join(levels.values())
            yield Problem(
                ("timing", "apex_s"),
                "no face is ever seen: neutral_s, rise_s, apex_s and fall_s are 0"
                + (f" at {at}" if at else ""),
            )
            return


def _visits(protocol: "Protocol") -> Iterator[Problem]:
    visits = protocol.file.design.visits
    yield from repeated(("design", "visits"), visits)
    labels: dict[str, str] = {}
    for visit in visits:
        label = "".join(c for c in visit if c.isalnum())
        other = labels.setdefault(label, visit)
        if other != visit:
            text = f"design.visits {other!r} and {visit!r} would share the file name {label!r}"
            yield Problem(("design", "visits"), f"{text}; rename one")


def _factors(protocol: "Protocol") -> Iterator[Problem]:
    identities = len(protocol.file.stimuli.identities)
    shares = 1
    for name, factor in protocol.file.design.factors.items():
        key = ("design", "factors", name)
        if name in RESERVED:
            yield Problem(key, f"design.factors.{name}: the name is taken; choose another")
        shares *= len(factor.levels) if factor.assign == "identity" else 1
        if factor.assign == "identity" and identities % shares:
            yield Problem(
                (*key, "assign"),
                f"design.factors.{name}: {identities} identities cannot be shared equally among "
                f"{shares} levels, so the faces cannot be counterbalanced; use a multiple of "
                f"{shares} identities",
            )
        for level, spec in factor.levels.items():
            if spec.cue and not spec.timing.get("cue_s", protocol.file.timing.cue_s):
                yield Problem(
                    (*key, "levels", level, "cue"),
                    f"design.factors.{name}.levels.{level}.cue is never seen; give timing.cue_s a "
                    "duration",
                )
            known = [f for f in type(protocol.file.timing).model_fields if f != "iti_s"]
            yield from unknown(
                (*key, "levels", level, "timing"), spec.timing, known, "timing has no phase"
            )


def _blocks(protocol: "Protocol") -> Iterator[Problem]:
    for name, block in protocol.file.blocks.items():
        key = ("blocks", name)
        conditions = protocol.file.conditions
        yield from unknown((*key, "conditions"), block.conditions, conditions, "no condition")
        yield from repeated((*key, "conditions"), block.conditions)
        if block.cue and not protocol.file.timing.cue_s:
            yield Problem(
                (*key, "cue"), f"blocks.{name}.cue is never seen; give timing.cue_s a duration"
            )
        if block.cue and all(_has_cue(protocol, c) for c in protocol.level_combinations()):
            reason = "every level of the factors has a cue of its own"
            yield Problem((*key, "cue"), f"blocks.{name}.cue is never seen: {reason}")
        yield from _order_exists(protocol, name, block)
    alternate = protocol.file.design.block_order == "alternate"
    runs = {block.runs for block in protocol.file.blocks.values()}
    if alternate and len(runs) > 1:
        yield Problem(
            ("design", "block_order"),
            f"blocks with {' and '.join(map(str, sorted(runs)))} runs cannot take turns; give all "
            "blocks the same number of runs",
        )


def _has_cue(protocol: "Protocol", levels: dict[str, str]) -> bool:
    factors = protocol.file.design.factors
    return any(factors[factor].levels[level].cue for factor, level in levels.items())


def _order_exists(protocol: "Protocol", name: str, block: Block) -> Iterator[Problem]:
    """See whether the limits on the order can be kept at all."""
    limits = protocol.file.design.randomisation
    trials = protocol.trials_per_condition(name)
    total = sum(trials.values())
    if total > MOST_TRIALS:
        yield Problem(
            ("blocks", name, "repeats"),
            f"blocks.{name} has {total} trials; expected at most {MOST_TRIALS}",
        )
        return
    if total % block.runs:
        yield Problem(
            ("blocks", name, "runs"),
            f"blocks.{name}: {total} trials cannot be cut into {block.runs} equal runs",
        )
    faces = len(protocol.file.stimuli.identities)
    per_face = total // faces
    for key, most, shown in (
        ("max_same_condition", max(trials.values()), "are of one condition"),
        ("max_same_identity", per_face, "show one face"),
    ):
        limit = getattr(limits, key)
        if limit is not None and most > limit * (total - most + 1):
            yield Problem(
                ("design", "randomisation", key),
                f"blocks.{name}: {most} of {total} trials {shown}, so no order has at most "
                f"{limit} in a row; raise {key} or set it to null",
            )
            return
    # one order for everybody is the proof that every session can be built
    each = per_face // len(trials)
    both = [
        total if m is None else min(m, total)
        for m in (limits.max_same_condition, limits.max_same_identity)
    ]
    if crossed_start((len(trials), faces), each, (both[0], both[1])) is None:
        yield Problem(
            ("design", "randomisation"),
            f"blocks.{name}: found no order of {len(trials)} conditions and {faces} faces with at "
            f"most {both[0]} trials of one condition and {both[1]} of one face in a row; raise "
            "max_same_condition or max_same_identity",
        )


def _ratings(protocol: "Protocol") -> Iterator[Problem]:
    for name, rating in protocol.file.ratings.items():
        yield from _scale(name, rating)
        key = ("ratings", name, "blocks")
        if name == "attention":
            text = "the name is taken by the attention checks; choose another"
            yield Problem(key[:2], f"ratings.attention: {text}")
        if rating.blocks and rating.after == "session":
            text = f"ratings.{name}.blocks says nothing about a question after the session"
            yield Problem(key, f"{text}; take it out, or write 'after: block'")
        yield from unknown(key, rating.blocks, protocol.file.blocks, "there is no block")
        yield from repeated(key, rating.blocks)


def _scale(name: str, rating: Rating) -> Iterator[Problem]:
    """See whether a question can be answered as it is written."""
    key = ("ratings", name)
    numbers = rating.numbers()
    if numbers is not None and len(numbers) != rating.steps:
        yield Problem(
            (*key, "steps"),
            f"ratings.{name} goes from {rating.low} to {rating.high}, which is not "
            f"{rating.steps} steps (ratings.{name}.steps, 101 unless given)",
        )
    if rating.labels and rating.scale == "slider":
        yield Problem((*key, "labels"), f"ratings.{name}.labels are for 'scale: keys'")
    elif rating.labels and (
        len(rating.labels) != rating.steps
        or (rating.labels[0], rating.labels[-1]) != (rating.low, rating.high)
    ):
        yield Problem(
            (*key, "labels"),
            f"ratings.{name}.labels are {len(rating.labels)} texts from {rating.labels[0]!r} to "
            f"{rating.labels[-1]!r}; expected {rating.steps} (steps), from {rating.low!r} (low) "
            f"to {rating.high!r} (high)",
        )
    if rating.scale == "keys" and rating.steps > MOST_KEYS:
        yield Problem(
            (*key, "steps"),
            f"ratings.{name} has {rating.steps} keys (ratings.{name}.steps, 101 unless given); "
            f"expected at most {MOST_KEYS}, or 'scale: slider'",
        )
    elif rating.scale == "keys" and numbers is not None and rating.low.startswith("-"):
        yield Problem(
            (*key, "low"),
            f"ratings.{name} begins at {rating.low}, which no key can say; use 'scale: slider'",
        )


def _camera(protocol: "Protocol") -> Iterator[Problem]:
    cameras = protocol.file.capture.cameras
    if cameras > 1 and not protocol.face_to_face():
        yield Problem(
            ("capture", "cameras"),
            f"capture.cameras is {cameras}, but one person is filmed by one camera; several are "
            "for people who meet (all blocks with 'task: interact')",
        )
