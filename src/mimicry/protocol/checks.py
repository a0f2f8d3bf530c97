"""Checks that look at several values of a protocol at once."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from mimicry.action_units.definitions import NAMES
from mimicry.protocol.checks_shown import shown_problems
from mimicry.protocol.explain import explain, inherited, repeated, unknown
from mimicry.protocol.origins import NEEDS_PROVENANCE, parse_entry
from mimicry.protocol.positions import Key, Problem, show_key
from mimicry.protocol.schema_scored import Primary
from mimicry.protocol.schema_shown import Rating
from mimicry.study.layout import PROTOCOL

if TYPE_CHECKING:
    from mimicry.protocol.model import Protocol

__all__ = ["check_file", "without_dropped"]


def check_file(protocol: "Protocol") -> list[Problem]:
    """Return every mistake that the schema alone cannot see."""
    checks = [_name, _conditions, shown_problems, _windows, _scoring]
    checks += [_primary, _prediction, _predicted, _status, _claims, _provenance]
    return [problem for check in checks for problem in check(protocol)] or list(
        _buildable(protocol)
    )


def _buildable(protocol: "Protocol") -> Iterator[Problem]:
    """Let the settings record have the last word."""
    try:
        protocol.scoring_settings()
    except ValueError as error:
        yield Problem(("scoring",), f"the scoring settings do not fit together: {error}")


def _name(protocol: "Protocol") -> Iterator[Problem]:
    # a study keeps its protocol under one fixed name
    if protocol.name != protocol.path.stem and protocol.path.name != PROTOCOL:
        yield Problem(
            ("name",), f"name is {protocol.name!r}; expected the file's stem {protocol.path.stem!r}"
        )


def _conditions(protocol: "Protocol") -> Iterator[Problem]:
    for name, condition in protocol.file.conditions.items():
        key = ("conditions", name)
        for role in ("targets", "opponents"):
            units = getattr(condition, role)
            for unit in [u for u in units if u not in NAMES]:
                text = f"there is no action unit {unit!r} ({show_key((*key, role))})"
                yield Problem((*key, role), f"{text}; {_nearest_unit(unit)}")
            yield from repeated((*key, role), units)
        both = sorted(set(condition.targets) & set(condition.opponents))
        if both:
            text = f"conditions.{name}: {', '.join(both)} stands as target and as opponent"
            yield Problem((*key, "opponents"), f"{text}; a unit can only be one of them")
        if bool(condition.targets) != bool(condition.opponents):
            missing = "opponents" if condition.targets else "targets"
            yield Problem(
                key,
                f"conditions.{name} has no {missing}; name both, or neither for a control "
                "condition, because one unit alone cannot be scored",
            )


def _windows(protocol: "Protocol") -> Iterator[Problem]:
    settings = SimpleNamespace(**protocol.scoring_values())
    first = max(start for start, _ in protocol.trial_spans())
    last = min(end for _, end in protocol.trial_spans())
    spans: list[tuple[tuple[str, ...], tuple[float, float]]] = []
    spans += [(("windows", name), window) for name, window in settings.windows.items()]
    spans += [(("baseline_s",), settings.baseline_s)]
    spans += [((name,), getattr(settings, name)) for name in ("event_search_s", "latency_fit_s")]
    for part, (start, end) in spans:
        key = ("scoring", *part)
        shown = ".".join(key)
        if start >= end:
            yield Problem(key, f"{shown} is [{start:g}, {end:g}]; expected start before end")
        elif start < first - 1e-9 or end > last + 1e-9:
            yield Problem(
                key,
                f"{shown} is [{start:g}, {end:g}], outside the trial, which runs from "
                f"{first:g} to {last:g} s around the dynamic onset",
            )
    if settings.baseline_s[1] > 1e-9:
        yield Problem(
            ("scoring", "baseline_s"), "scoring.baseline_s must end before the dynamic onset (0)"
        )
    if settings.latency_fit_s[1] <= 1e-9:
        yield Problem(
            ("scoring", "latency_fit_s"),
            "scoring.latency_fit_s must end after the dynamic onset (0)",
        )
    if not 0 < 2 * settings.latency_step_s <= settings.latency_max_s + 1e-9:
        yield Problem(
            ("scoring", "latency_step_s"),
            f"scoring.latency_step_s is {settings.latency_step_s:g}; expected more than 0 and at "
            f"most half of latency_max_s ({settings.latency_max_s:g})",
        )
    if settings.primary_window not in settings.windows:
        near = explain(settings.primary_window, settings.windows)
        text = f"scoring.primary_window is {settings.primary_window!r}, which is no window; {near}"
        yield Problem(("scoring", "primary_window"), text)


def _scoring(protocol: "Protocol") -> Iterator[Problem]:
    settings = SimpleNamespace(**protocol.scoring_values())
    conditions = protocol.file.conditions
    if protocol.face_to_face():
        return  # dyads are compared with pseudo-pairs, not with reference trials
    if settings.reference == "neutral":
        name = settings.neutral_condition
        if name not in conditions:
            text = f"scoring.neutral_condition is {name!r}, which is no condition"
            yield Problem(
                ("scoring", "neutral_condition"), f"{text}; add it, or use 'reference: valence'"
            )
        elif conditions[name].targets:
            yield Problem(
                ("conditions", name, "targets"),
                f"conditions.{name} is the reference and can have no targets",
            )
    else:
        valences = {c.valence for c in conditions.values()} - {"none"}
        if len(valences) < 2:
            yield Problem(
                ("scoring", "reference"),
                "scoring.reference is 'valence', but the conditions are not of two valences",
            )
    limits = protocol.file.design.randomisation
    restricted = limits.max_same_condition is not None
    swaps: dict[Key, str | None] = {("scoring", "swap"): settings.swap}
    swaps |= {("blocks", name, "swap"): b.swap for name, b in protocol.file.blocks.items()}
    for key, swap in swaps.items():
        if swap == "free" and restricted:
            yield Problem(
                key,
                f"{show_key(key)} is 'free', but the order is restricted by max_same_condition; "
                "use 'swap: redraw'",
            )


def _primary(protocol: "Protocol") -> Iterator[Problem]:
    primary = protocol.file.analysis.primary
    key = ("analysis", "primary")
    file = protocol.file
    yield from unknown((*key, "block"), [primary.block], file.blocks, "there is no block")
    if primary.block in file.blocks:
        shown = protocol.block_conditions(primary.block)
        text = f"block {primary.block} has no condition"
        yield from unknown((*key, "condition"), [primary.condition], shown, text)
    scored = {name for name, c in file.conditions.items() if c.targets}
    unscored = primary.condition in file.conditions and primary.condition not in scored
    if unscored and primary.score not in {"rating", "coupling"}:
        text = f"analysis.primary.condition {primary.condition} has no targets to score"
        yield Problem((*key, "condition"), text)
    if primary.between and primary.trait:
        yield Problem(key, "analysis.primary names 'between' and 'trait'; choose one")
    if primary.trait is not None:
        traits = file.design.traits
        yield from unknown((*key, "trait"), [primary.trait], traits, "there is no trait")
    if primary.score == "contrast" and primary.between:
        yield Problem(
            (*key, "score"),
            "analysis.primary.score is 'contrast' (standardised within each person), which hides "
            "a group difference in amplitude; use contrast_raw or contrast_cal",
        )
    yield from _compare(protocol, primary)


def _compare(protocol: "Protocol", primary: Primary) -> Iterator[Problem]:
    for role, allowed in (("within", False), ("between", True)):
        compare = getattr(primary, role)
        if compare is None:
            continue
        key = ("analysis", "primary", role)
        levels = protocol.levels(group=allowed)
        if compare.factor not in levels:
            near = explain(compare.factor, levels)
            text = f"analysis.primary.{role}.factor is {compare.factor!r}, which is no factor here"
            yield Problem((*key, "factor"), f"{text}; {near}")
            continue
        for end in ("more", "less"):
            known = levels[compare.factor]
            text = f"{compare.factor} has no level"
            yield from unknown((*key, end), [getattr(compare, end)], known, text)
        if compare.more == compare.less:
            yield Problem(key, f"analysis.primary.{role} compares {compare.more} with itself")


def without_dropped(protocol: "Protocol") -> "Protocol":
    """Return the protocol without inherited predictions and questions on what a variant dropped.

    What is left holds without the parents too, so that it can be written out in full.
    """
    prediction = protocol.file.prediction
    key = ("prediction", "response")
    known = {**_predictable(protocol), "trait": tuple(protocol.file.design.traits)}
    kept: dict[str, Any] = {
        "response": {
            name: size
            for name, size in prediction.response.items()
            if name in known["condition"] or not inherited(protocol, (*key, name))
        }
    }
    if inherited(protocol, ("prediction", "effects")):
        kept["effects"] = [
            effect
            for effect in prediction.effects
            if all(level in known.get(factor, ()) for factor, level in effect.where.items())
            and effect.trait in (None, *known["trait"])
        ]
    left = {"prediction": prediction.model_copy(update=kept), "ratings": _asked(protocol)}
    return replace(protocol, file=protocol.file.model_copy(update=left))


def _asked(protocol: "Protocol") -> dict[str, Rating]:
    """Return the questions that are still asked, without inherited words on dropped blocks."""
    asked = {}
    for name, rating in protocol.file.ratings.items():
        blocks = rating.blocks
        if inherited(protocol, ("ratings", name, "blocks")):
            blocks = [block for block in blocks if block in protocol.file.blocks]
        if blocks or not rating.blocks:
            asked[name] = rating.model_copy(update={"blocks": blocks})
    return asked


def _predictable(protocol: "Protocol") -> dict[str, tuple[str, ...]]:
    """Return every factor that a prediction may name, with its levels."""
    levels = {**protocol.levels(group=True), **protocol.levels(group=False)}
    return {**levels, "condition": tuple(protocol.file.conditions)}


def _prediction(protocol: "Protocol") -> Iterator[Problem]:
    prediction, levels = protocol.file.prediction, _predictable(protocol)
    key = ("prediction", "response")
    yield from unknown(key, prediction.response, levels["condition"], "there is no condition")
    for number, effect in enumerate(prediction.effects):
        here: Key = ("prediction", "effects", number)
        yield from unknown((*here, "where"), effect.where, levels, "there is no factor")
        for factor, level in effect.where.items():
            if factor in levels:
                text = f"{factor} has no level"
                yield from unknown((*here, "where", factor), [level], levels[factor], text)
        if effect.trait is not None:
            traits = protocol.file.design.traits
            yield from unknown((*here, "trait"), [effect.trait], traits, "there is no trait")


def _predicted(protocol: "Protocol") -> Iterator[Problem]:
    primary = protocol.file.analysis.primary
    needs = primary.within or primary.between or primary.trait
    effects = protocol.file.prediction.effects
    if needs and not any(e.predicted for e in effects):
        yield Problem(
            ("prediction",),
            "prediction names no effect with 'predicted: true', so the simulator cannot tell what "
            "the primary test looks for",
        )


def _status(protocol: "Protocol") -> Iterator[Problem]:
    if protocol.file.status == "simulate-only" and not protocol.file.status_note:
        yield Problem(("status",), "a simulate-only protocol needs a status_note that says why")


def _claims(protocol: "Protocol") -> Iterator[Problem]:
    for name in protocol.file.claims:
        if not (name.startswith("R") and name[1:].isdigit() and 1 <= int(name[1:]) <= 47):
            yield Problem(("claims", name), f"claims.{name}: claims are named R01 to R47")


def _provenance(protocol: "Protocol") -> Iterator[Problem]:
    file = protocol.file
    used = {o.pattern for o in protocol.origins.values() if o.pattern}
    for pattern, entry in file.provenance.items():
        key = ("provenance", pattern)
        parsed = parse_entry(entry)
        if parsed is None:
            yield Problem(
                key,
                f"provenance of {pattern} is {entry!r}; expected 'default', 'memory' or "
                "'source KEY' with a key of references, then a remark in brackets if you like",
            )
            continue
        yield from unknown(key, parsed[1], file.references, "references have no key")
        if pattern != "*" and pattern not in used:
            keys = {show_key(k) for k in protocol.origins if k and k[0] in NEEDS_PROVENANCE}
            text = f"provenance of {pattern}: no such value stands in this file"
            yield Problem(key, f"{text}; {_nearest_only(pattern, keys)}")
    bare = [
        key
        for key, origin in protocol.origins.items()
        if key[0] in NEEDS_PROVENANCE and len(key) > 1 and not origin.provenance
    ]
    if bare:
        names = list(dict.fromkeys(show_key(key[:2]) for key in bare))
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        text = f"nothing says where {names[0]}{more} come{'' if more else 's'} from"
        yield Problem(bare[0], f"{text}; add it to provenance (source, memory or default)")


def _nearest_unit(unit: str) -> str:
    """Repair ``AU4`` and ``au12``; otherwise list the units, since the next number is no help."""
    digits = "".join(c for c in unit if c.isdigit())
    meant = f"AU{int(digits):02d}" if digits else ""
    if meant in NAMES:
        return f"did you mean {meant!r}?"
    return f"known here: {', '.join(NAMES)}"


def _nearest_only(word: str, known: set[str]) -> str:
    near = explain(word, known)
    return near if near.startswith("did you") else "it names a value that is inherited or missing"
