"""The condition table: one row for each phase and condition of a participant."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.records import AlignedTrials, ConditionSummary, MimicryScores, ScoringSettings
from mimicry.scoring._reasons import ReasonedRow
from mimicry.scoring.arrange import Redraw
from mimicry.scoring.claims import claim_words, decide_claim
from mimicry.scoring.condition_timing import add_timing, blank_timing
from mimicry.scoring.pattern import (
    PARTS,
    contrast,
    contrast_d,
    contrast_se,
    shared_pair,
    specificity,
)
from mimicry.scoring.phase import Phase
from mimicry.scoring.swap import SwapResult

__all__ = ["AGAINST_NEUTRAL", "VALENCE_CONGRUENT", "summarise"]

Floats = NDArray[np.float64]

VALENCE_CONGRUENT = "valence-congruent response"
AGAINST_NEUTRAL = "response against neutral faces"
_LATE = "late"
_UNITS = ("", "_raw", "_cal")  # the units of a contrast
_INDEX = ("index_mean", "index_sd", "index_se", "index_ci_low", "index_ci_high")


def summarise(
    aligned: AlignedTrials,
    scores: MimicryScores,
    settings: ScoringSettings,
    *,
    redraw: Mapping[str, Redraw] | None = None,
) -> ConditionSummary:
    """Summarise the trials of one participant by phase and condition.

    Parameters
    ----------
    aligned
        The trials that were scored.
    scores
        Their scores, from :func:`mimicry.scoring.score` with the same settings.
    settings
        Reference, swap, limits, seed.
    redraw
        Phase -> the protocol's randomiser for the orders of that phase; needed for
        ``swap: redraw``. A randomiser takes a generator and returns the conditions of all
        trials of the phase in a new order.

    Returns
    -------
    ConditionSummary
        ``contrast`` is the headline: 0 = no emotion-specific response. ``claim`` says what it
        supports: mimicry only where the target movement alone does it, too.
        Every NaN has a reason in ``nan_reasons``. Where two emotions share one contrast, it
        is given once, in a row of its own, and is evidence for neither emotion.
    """
    rows: list[dict[str, Any]] = []
    labels = np.array(scores.phase)
    for phase in dict.fromkeys(scores.phase):
        inside = labels == phase
        drawer = (redraw or {}).get(phase)
        view = Phase(aligned, scores, settings.of_phase(phase), phase, inside, drawer)
        conditions = [c for c in dict.fromkeys(aligned.trials.condition) if view.shown(c).any()]
        rows += _rows(view, conditions)
    return ConditionSummary(tuple(rows), _notes(aligned, scores, settings))


def _notes(
    aligned: AlignedTrials, scores: MimicryScores, settings: ScoringSettings
) -> tuple[str, ...]:
    """Warn of a swap that treats trials of one clip as exchangeable."""
    shown = Counter(zip(scores.phase, aligned.trials.stimulus_id, strict=True))
    swaps = Counter(settings.of_phase(phase).swap for (phase, _), n in shown.items() if n > 1)
    return tuple(
        f"{often} clips are shown more than once, and `swap: {swap}` treats their trials as "
        "exchangeable: p speaks about these clips only. `swap: clip` speaks about clips like them."
        for swap, often in swaps.items()
        if swap in ("free", "redraw")
    )


def _rows(phase: Phase, conditions: list[str]) -> list[dict[str, Any]]:
    shared = shared_pair(conditions, phase.settings)
    rows = []
    for condition in conditions:
        row = _start(phase, condition)
        if condition in phase.settings.emotions:
            _describe(phase, row, condition)
            _contrast(phase, row, condition, "shared_contrast" if condition in shared else "")
            _specificity(phase, row, condition)
            add_timing(phase, row, condition)
        else:
            _blank(phase, row, "no_au_map")
        rows.append(row.done())
    if shared:
        rows.append(_shared_row(phase, shared))
    return rows


def _shared_row(phase: Phase, pair: tuple[str, ...]) -> dict[str, Any]:
    row = _start(phase, pair[0])
    row.cells["condition"] = VALENCE_CONGRUENT
    row.cells["n_total"] = int(sum(phase.shown(c).sum() for c in pair))
    row.cells["n"] = sum(phase.measured(c, phase.used(c)) for c in pair)
    row.blank(_INDEX, "given_by_emotion")
    _contrast(phase, row, pair[0], "")
    row.cells["comparison"] = VALENCE_CONGRUENT
    _blank_specificity(row, "given_by_emotion")
    blank_timing(phase.settings, row, "given_by_emotion")
    return row.done()


def _start(phase: Phase, condition: str) -> ReasonedRow:
    emotion = phase.settings.emotions.get(condition)
    neutral = phase.settings.reference == "neutral"
    return ReasonedRow(
        {
            "participant": phase.scores.participant,
            "session": phase.scores.session,
            "phase": phase.name,
            "condition": condition,
            "claim": "",
            "comparison": "" if not emotion else AGAINST_NEUTRAL if neutral else VALENCE_CONGRUENT,
            "targets": " ".join(emotion.targets) if emotion else "",
            "opponents": " ".join(emotion.opponents) if emotion else "",
            "window": phase.settings.primary_window,
            "n_total": int(phase.shown(condition).sum()),
            "n": phase.measured(condition, phase.used(condition)),
            "n_reference": phase.measured(condition, phase.reference(condition)) if emotion else 0,
        }
    )


def _describe(phase: Phase, row: ReasonedRow, condition: str) -> None:
    index = phase.scores.columns["mimicry_index"][phase.used(condition)]
    index = index[np.isfinite(index)]
    n, mean, sd, half = len(index), float("nan"), float("nan"), float("nan")
    if n > 0:
        mean = float(index.mean())
    if n > 1:
        from scipy.special import stdtrit

        sd = float(index.std(ddof=1))
        half = float(stdtrit(n - 1, 0.975)) * sd / np.sqrt(n)
    numbers = (mean, sd, sd / np.sqrt(max(n, 1)), mean - half, mean + half)
    for name, value in zip(_INDEX, numbers, strict=True):
        row.put(name, value, "too_few_trials" if n else "no_scores")


def _contrast(phase: Phase, row: ReasonedRow, condition: str, withheld: str) -> None:
    """Put down an emotion's contrast in all units and windows, or why it is withheld."""
    if withheld:
        _blank_contrast(phase, row, withheld)
        row.cells |= {"null": "label-swap", "swap": phase.settings.swap}
        return
    sides = phase.used(condition), phase.reference(condition)
    least = phase.settings.min_trials
    scores = (phase.scores.delta_z, phase.scores.delta, phase.scores.delta_cal)
    for name, unit, window, part in _contrasts(phase):
        parts = phase.parts(condition, scores[_UNITS.index(unit)], window)
        y = parts[PARTS.index(part)] if part else parts[0] - parts[1]
        row.put(name, contrast(y, *sides, min_trials=least), phase.too_few(y, condition))
    parts = phase.parts(condition, phase.scores.delta_z, phase.settings.primary_window)
    y = parts[0] - parts[1]
    too_few = phase.too_few(y, condition)
    row.put("contrast_d", contrast_d(y, *sides, min_trials=least), too_few or "no_variance")
    se = float("nan") if too_few else contrast_se(y, *sides)
    row.put("contrast_se", se, too_few or "too_few_trials")
    whole, *tested = phase.test(row, np.stack([y, *parts]), condition, too_few=too_few)
    for part, result in zip(PARTS, tested, strict=True):
        row.put(f"t_{part}", result.t, result.reason)
        row.put(f"p_{part}", result.p_two_sided, result.reason)
    _claim(phase.settings, row, whole, tested[0])
    row.cells |= {"null": "label-swap", "swap": phase.settings.swap}


def _claim(
    settings: ScoringSettings, row: ReasonedRow, whole: SwapResult, target: SwapResult
) -> None:
    """Put down what the contrast supports, or why nothing can be said."""
    larger, words = decide_claim(
        row.cells["contrast"],
        row.cells["contrast_target"],
        whole.p_two_sided,
        target.p_two_sided,
        alpha=settings.claim_alpha,
        reference=settings.reference,
    )
    code = whole.reason or target.reason
    tested = (("contrast", whole), ("contrast_target", target))
    p_claim, claim = float(larger), str(words)
    if claim in claim_words(settings.reference) and any(row.cells[c] * r.t < 0 for c, r in tested):
        p_claim, claim, code = float("nan"), "", "test_disagrees"
    row.put("p_claim", p_claim, code)
    row.say("claim", claim, code)


def _windows(phase: Phase) -> list[str]:
    """Return the windows that contrasts are given for, the primary one first."""
    primary = phase.settings.primary_window
    return [primary] + [w for w in (_LATE,) if w in phase.scores.windows and w != primary]


def _contrasts(phase: Phase) -> Iterable[tuple[str, str, str, str]]:
    """Yield name, unit, window and part ("": the whole) of every contrast."""
    primary = phase.settings.primary_window
    for unit in _UNITS:
        for window in _windows(phase):
            late = "" if window == primary else f"_{window}"
            yield f"contrast{unit}{late}", unit, window, ""
    for unit in _UNITS:
        for part in PARTS:
            yield f"contrast_{part}{unit}", unit, primary, part


def _specificity(phase: Phase, row: ReasonedRow, condition: str) -> None:
    """Put down the smallest specificity against the other emotions of the same valence."""
    settings, scores = phase.settings, phase.scores
    valence = settings.emotions[condition].valence
    others = [
        name
        for name, m in settings.emotions.items()
        if name != condition and m.valence == valence and phase.shown(name).any()
    ]
    used = phase.inside & scores.valid
    z = scores.delta_z[used, scores.windows.index(settings.primary_window)]
    labels = [c for c, u in zip(phase.aligned.trials.condition, used, strict=True) if u]
    results = {
        name: specificity(z, scores.names, labels, condition, name, settings) for name in others
    }
    defined = {name: value for name, (value, _) in results.items() if np.isfinite(value)}
    least = min(defined, key=lambda name: defined[name]) if defined else ""
    codes = [code for _, code in results.values()]
    row.put(
        "specificity",
        defined[least] if least else float("nan"),
        codes[0] if codes else "no_emotion_of_same_valence",
    )
    row.cells["specificity_against"] = least


def _blank(phase: Phase, row: ReasonedRow, code: str) -> None:
    """Fill every score of a condition without an action-unit map."""
    row.blank(_INDEX, code)
    _blank_contrast(phase, row, code)
    _blank_specificity(row, code)
    blank_timing(phase.settings, row, code)


def _blank_contrast(phase: Phase, row: ReasonedRow, code: str) -> None:
    row.blank((name for name, *_ in _contrasts(phase)), code)
    row.blank(("contrast_d", "contrast_se", "t", "p", "z_surrogate"), code)
    row.cells["arrangements"] = 0
    row.blank((f"{name}_{part}" for part in PARTS for name in "tp"), code)
    row.blank(("p_claim",), code)
    row.say("claim", "", code)
    row.cells |= {"null": "", "swap": ""}


def _blank_specificity(row: ReasonedRow, code: str) -> None:
    row.blank(("specificity",), code)
    row.cells["specificity_against"] = ""
