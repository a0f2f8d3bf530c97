"""The condition table: one row for each phase and condition of a participant."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.chance import generator
from mimicry.kernels.correlation import fisher_z
from mimicry.kernels.windows import in_window, window_mean
from mimicry.records import AlignedTrials, ConditionSummary, MimicryScores, ScoringSettings
from mimicry.scoring._reasons import ReasonedRow
from mimicry.scoring.arrange import Redraw, SwapDesign
from mimicry.scoring.latency import Envelope, Latency, latency_shift
from mimicry.scoring.pattern import (
    contrast,
    contrast_d,
    contrast_se,
    pattern_score,
    reference_trials,
    same_question,
    specificity,
)
from mimicry.scoring.swap import SwapResult, label_swap
from mimicry.scoring.time_locking import surrogate_test
from mimicry.scoring.timing import all_onsets, matched_peaks

__all__ = ["AGAINST_NEUTRAL", "VALENCE_CONGRUENT", "summarise"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

VALENCE_CONGRUENT = "valence-congruent response"
AGAINST_NEUTRAL = "response against neutral faces"
_LATE = "late"
_MANY = 10**15  # numbers of arrangements are given up to here
_UNITS = ("", "_raw", "_cal")  # the units of a contrast
_INDEX = ("index_mean", "index_sd", "index_se", "index_ci_low", "index_ci_high")
_LATENCY = tuple(f"latency_{n}" for n in ("shift_s", "se_s", "ci_low_s", "ci_high_s", "gate"))
_EVENTS = (
    "hit_rate", "hit_rate_reference", "hit_rate_difference", "event_onset_median_s", "snr",
)  # fmt: skip


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
        ``contrast`` is the headline: 0 = no emotion-specific response, above 0 = mimicry.
        Every NaN has a reason in ``nan_reasons``. Where two emotions share one contrast, it
        is given once, in a row of its own, and is evidence for neither emotion.
    """
    rows: list[dict[str, Any]] = []
    labels = np.array(scores.phase)
    for phase in dict.fromkeys(scores.phase):
        inside = labels == phase
        view = _Phase(aligned, scores, settings, phase, inside, (redraw or {}).get(phase))
        conditions = [c for c in dict.fromkeys(aligned.trials.condition) if view.shown(c).any()]
        rows += view.rows(conditions)
    return ConditionSummary(tuple(rows), _notes(aligned, scores, settings))


def _notes(
    aligned: AlignedTrials, scores: MimicryScores, settings: ScoringSettings
) -> tuple[str, ...]:
    """Warn of a swap that treats trials of one clip as exchangeable."""
    shown = Counter(zip(scores.phase, aligned.trials.stimulus_id, strict=True))
    often = [stimulus for (_, stimulus), n in shown.items() if n > 1]
    if settings.swap not in ("free", "redraw") or not often:
        return ()
    text = (
        f"{len(often)} clips are shown more than once, and `swap: {settings.swap}` treats their "
        "trials as exchangeable: p speaks about these clips only. `swap: clip` speaks about "
        "clips like them."
    )
    return (text,)


@dataclass(frozen=True, slots=True, eq=False)
class _Phase:
    """The trials of one phase, and what can be said about their conditions."""

    aligned: AlignedTrials
    scores: MimicryScores
    settings: ScoringSettings
    phase: str
    inside: Flags
    redraw: Redraw | None

    def shown(self, condition: str) -> Flags:
        return np.asarray(self.inside & (np.array(self.aligned.trials.condition) == condition))

    def used(self, condition: str) -> Flags:
        return np.asarray(self.shown(condition) & self.scores.valid)

    def rows(self, conditions: list[str]) -> list[dict[str, Any]]:
        shared = self._shared(conditions)
        rows = []
        for condition in conditions:
            row = self._start(condition)
            if condition in self.settings.emotions:
                self._describe(row, condition)
                code = "shared_contrast" if condition in shared else ""
                self._contrast(row, condition, withheld=code)
                self._specificity(row, condition)
                self._timing(row, condition)
            else:
                self._blank(row, "no_au_map")
            rows.append(row.done())
        if shared:
            rows.append(self._shared_row(shared))
        return rows

    def _shared(self, conditions: list[str]) -> tuple[str, ...]:
        """Two emotions that one number answers for, if there are such."""
        emotions = [c for c in conditions if c in self.settings.emotions]
        for first in emotions:
            for second in emotions:
                if same_question(first, second, self.settings):
                    positive = self.settings.emotions[first].valence == "positive"
                    return (first, second) if positive else (second, first)
        return ()

    def _shared_row(self, pair: tuple[str, ...]) -> dict[str, Any]:
        row = self._start(pair[0])
        row.cells["condition"] = VALENCE_CONGRUENT
        row.cells["n_total"] = int(sum(self.shown(c).sum() for c in pair))
        row.cells["n"] = sum(self._measured(c, self.used(c)) for c in pair)
        row.blank(_INDEX, "given_by_emotion")
        self._contrast(row, pair[0], withheld="")
        row.cells["claim"] = VALENCE_CONGRUENT
        self._blank_rest(row, "given_by_emotion")
        return row.done()

    def _start(self, condition: str) -> ReasonedRow:
        emotion = self.settings.emotions.get(condition)
        return ReasonedRow(
            {
                "participant": self.scores.participant,
                "session": self.scores.session,
                "phase": self.phase,
                "condition": condition,
                "claim": "" if emotion is None else self._claim(),
                "targets": " ".join(emotion.targets) if emotion else "",
                "opponents": " ".join(emotion.opponents) if emotion else "",
                "window": self.settings.primary_window,
                "n_total": int(self.shown(condition).sum()),
                "n": self._measured(condition, self.used(condition)),
                "n_reference": (
                    self._measured(condition, self._reference(condition)) if emotion else 0
                ),
            }
        )

    def _claim(self) -> str:
        return AGAINST_NEUTRAL if self.settings.reference == "neutral" else VALENCE_CONGRUENT

    def _reference(self, condition: str) -> Flags:
        flags = reference_trials(self.aligned.trials.condition, condition, self.settings)
        return np.asarray(flags & self.inside & self.scores.valid)

    def _measured(self, condition: str, trials: Flags) -> int:
        """How many of some valid trials have a number: those that a contrast rests on."""
        window = self.settings.primary_window
        if condition in self.settings.emotions:
            values = self._pattern(condition, self.scores.delta, window)[:, None]
        else:
            values = self.scores.delta[:, self.scores.windows.index(window)]
        return int((trials & np.isfinite(values).any(axis=1)).sum())

    def _pattern(self, condition: str, values: Floats, window: str) -> Floats:
        """(K,) pattern score of every trial for the emotion of `condition`."""
        at = self.scores.windows.index(window)
        emotion = self.settings.emotions[condition]
        return pattern_score(values[:, at], self.scores.names, emotion)

    def _describe(self, row: ReasonedRow, condition: str) -> None:
        index = self.scores.columns["mimicry_index"][self.used(condition)]
        index = index[np.isfinite(index)]
        n = len(index)
        sd = float(index.std(ddof=1)) if n > 1 else float("nan")
        code = "no_scores" if n == 0 else "too_few_trials"
        row.put("index_mean", index.mean() if n else float("nan"), code)
        row.put("index_sd", sd, code)
        half = float("nan")
        if n > 1:
            from scipy.special import stdtrit

            half = float(stdtrit(n - 1, 0.975)) * sd / np.sqrt(n)
        row.put("index_se", sd / np.sqrt(n) if n else float("nan"), code)
        row.put("index_ci_low", index.mean() - half if n else float("nan"), code)
        row.put("index_ci_high", index.mean() + half if n else float("nan"), code)

    def _contrast(self, row: ReasonedRow, condition: str, *, withheld: str) -> None:
        own, rest = self.used(condition), self._reference(condition)
        least, primary = self.settings.min_trials, self.settings.primary_window
        nan = float("nan")
        scores = (self.scores.delta_z, self.scores.delta, self.scores.delta_cal)
        for unit, values in zip(_UNITS, scores, strict=True):
            for window in self._windows():
                y = self._pattern(condition, values, window)
                value = nan if withheld else contrast(y, own, rest, min_trials=least)
                name = self._named(unit, window)
                row.put(name, value, withheld or self._too_few(y, own, rest))
        y = self._pattern(condition, self.scores.delta_z, primary)
        too_few = withheld or self._too_few(y, own, rest)
        row.put("contrast_d", nan if withheld else contrast_d(y, own, rest, min_trials=least),
                too_few or "no_variance")  # fmt: skip
        se = nan if too_few else contrast_se(y, own, rest)
        row.put("contrast_se", se, too_few or "too_few_trials")
        self._test(row, "", y, condition, too_few)
        row.cells["null"] = "label-swap"
        row.cells["swap"] = self.settings.swap

    def _windows(self) -> list[str]:
        """The windows that contrasts are given for, the primary one first."""
        primary = self.settings.primary_window
        return [primary] + [w for w in (_LATE,) if w in self.scores.windows and w != primary]

    def _named(self, unit: str, window: str) -> str:
        return f"contrast{unit}" + ("" if window == self.settings.primary_window else f"_{window}")

    def _too_few(self, y: Floats, own: Flags, rest: Flags) -> str:
        least = max(self.settings.min_trials, 1)
        if not rest.any():
            return "no_reference_trials"
        if own.sum() < least:
            return "too_few_trials"
        if rest.sum() < least:
            return "too_few_reference_trials"
        if min(np.isfinite(y[own]).sum(), np.isfinite(y[rest]).sum()) < least:
            return "scores_missing"
        return ""

    def _test(self, row: ReasonedRow, prefix: str, y: Floats, condition: str, too_few: str) -> None:
        """Label-swap test of `y` between the emotion and its reference."""
        result = SwapResult(reason=too_few) if too_few else self._swap(prefix, y, condition)
        row.put(f"{prefix}t", result.t, result.reason)
        row.put(f"{prefix}p", result.p, result.reason)
        row.put(f"{prefix}z_surrogate", result.z_surrogate, result.reason or "no_variance")
        row.cells[f"{prefix}arrangements"] = min(result.arrangements, _MANY)

    def _swap(self, prefix: str, y: Floats, condition: str) -> SwapResult:
        at = np.flatnonzero(self.inside)
        at = at[np.argsort(self.aligned.onset_s[at], kind="stable")]
        trials = self.aligned.trials
        by = self.settings.identity_column
        column = trials.columns.get(by) or trials.columns.get(self.settings.block_column)
        runs = trials.columns.get(self.settings.run_column)
        design = SwapDesign(
            conditions=[trials.condition[k] for k in at],
            clips=[trials.stimulus_id[k] for k in at],
            identities=[column[k] if column else "" for k in at],
            runs=[runs[k] for k in at] if runs else (),
            redraw=self.redraw,
        )
        rng = generator(
            self.settings.seed,
            self.scores.participant,
            f"{self.phase}/{condition}",
            f"{prefix}label-swap-{self.settings.swap}",
        )
        own, rest = self.used(condition), self._reference(condition)
        return label_swap(y[at], own[at], rest[at], design, self.settings, rng)

    def _specificity(self, row: ReasonedRow, condition: str) -> None:
        """Against every other emotion of the same valence; the smallest one counts."""
        emotions = self.settings.emotions
        valence = emotions[condition].valence
        others = [
            name
            for name, m in emotions.items()
            if name != condition and m.valence == valence and self.shown(name).any()
        ]
        used = self.inside & self.scores.valid
        at = self.scores.windows.index(self.settings.primary_window)
        labels = [c for c, u in zip(self.aligned.trials.condition, used, strict=True) if u]
        results = {
            name: specificity(
                self.scores.delta_z[used, at],
                self.scores.names,
                labels,
                condition,
                name,
                self.settings,
            )
            for name in others
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

    def _timing(self, row: ReasonedRow, condition: str) -> None:
        self._correlation(row, condition)
        self._latency(row, condition)
        self._events(row, condition)

    def _correlation(self, row: ReasonedRow, condition: str) -> None:
        own, rest = self.used(condition), self._reference(condition)
        emotion = self.settings.emotions[condition]
        peaks = matched_peaks(
            self.aligned, self.settings, condition, emotion, self.inside & self.scores.valid
        )
        z = fisher_z(peaks)
        too_few = self._too_few(z, own, rest)
        row.put("r_peak_contrast", contrast(z, own, rest, min_trials=self.settings.min_trials),
                too_few)  # fmt: skip
        self._test(row, "r_peak_", z, condition, too_few)
        for null in self.settings.secondary_nulls:
            self._secondary(row, condition, null)

    def _secondary(self, row: ReasonedRow, condition: str, null: str) -> None:
        rng = generator(
            self.settings.seed, self.scores.participant, f"{self.phase}/{condition}", null
        )
        result = surrogate_test(
            self.aligned, self.settings, condition, null, used=self.used(condition), rng=rng
        )
        name = null.replace("-", "_")
        row.put(f"r_peak_{name}_p", result.p, result.reason)
        row.put(f"r_peak_{name}_z", result.z_surrogate, result.reason or "no_variance")

    def _latency(self, row: ReasonedRow, condition: str) -> None:
        result = self._fit(condition)
        row.put("latency_shift_s", result.shift_s, result.reason)
        row.put("latency_se_s", result.se_s, result.interval_reason)
        row.put("latency_ci_low_s", result.low_s, result.interval_reason)
        row.put("latency_ci_high_s", result.high_s, result.interval_reason)
        row.put("latency_gate", result.gate, result.reason)
        row.cells["latency_calibrated"] = self._calibrated(condition)

    def _calibrated(self, condition: str) -> str:
        """Tell whether the delay of screen and camera was taken out of every onset."""
        said = self.aligned.trials.columns.get("calibrated", ())
        used = self.used(condition)
        known = bool(said) and bool(used.any())
        all_of = known and all(s == "true" for s, u in zip(said, used, strict=True) if u)
        return "true" if all_of else "false"

    def _fit(self, condition: str) -> Latency:
        aligned, settings = self.aligned, self.settings
        unit = aligned.index(settings.emotions[condition].targets[0])
        used = self.used(condition)
        inside = in_window(aligned.times_s, settings.latency_fit_s)
        before = in_window(aligned.times_s, settings.baseline_s)
        response = aligned.response_fast[used][:, :, unit]
        change = response[:, inside] - window_mean(response, before)[:, None]
        window = _LATE if _LATE in self.scores.windows else settings.primary_window
        return latency_shift(
            aligned.times_s[inside],
            change,
            self.scores.deltas(window)[used, unit],
            self._envelope(used, unit),
            min_trials=settings.min_trials_latency,
            gate=settings.latency_gate,
            max_s=settings.latency_max_s,
            step_s=settings.latency_step_s,
        )

    def _envelope(self, used: Flags, unit: int) -> Envelope:
        """The mean movement of the stimuli shown in these trials, at any time."""
        aligned = self.aligned
        name = aligned.names[unit]
        ids = [s for s, u in zip(aligned.trials.stimulus_id, used, strict=True) if u]
        shown = [(aligned.timelines[s], ids.count(s) / len(ids)) for s in dict.fromkeys(ids)]

        def movement(times_s: Floats) -> Floats:
            total = np.zeros(np.shape(times_s))
            for timeline, share in shown:
                total += share * timeline.at(timeline.onset_s + times_s, name)
            return total

        return movement

    def _events(self, row: ReasonedRow, condition: str) -> None:
        unit = self.aligned.index(self.settings.emotions[condition].targets[0])
        own, rest = self.used(condition), self._reference(condition)
        hit, onset, _ = all_onsets(
            self.aligned, self.settings, np.array(self.scores.phase), self.scores.valid
        )
        rate = _mean(hit[own, unit])
        rate_rest = _mean(hit[rest, unit])
        row.put("hit_rate", rate, "no_scores")
        row.put("hit_rate_reference", rate_rest, "no_reference_trials" if not rest.any()
                else "no_scores")  # fmt: skip
        row.put("hit_rate_difference", rate - rate_rest, "no_scores")
        onsets = onset[own, unit]
        onsets = onsets[np.isfinite(onsets)]
        row.put("event_onset_median_s", np.median(onsets) if len(onsets) else float("nan"),
                "censored")  # fmt: skip
        deltas = self.scores.deltas(self.settings.primary_window)[own, unit]
        deltas = deltas[np.isfinite(deltas)]
        sd = float(deltas.std(ddof=1)) if len(deltas) > 1 else 0.0
        snr = deltas.mean() / (sd / np.sqrt(len(deltas))) if sd > 1e-9 else float("nan")
        row.put("snr", snr, "too_few_trials" if len(deltas) < 2 else "no_variance")

    def _blank(self, row: ReasonedRow, code: str) -> None:
        """Fill every score of a condition without an action-unit map."""
        row.blank(_INDEX, code)
        row.blank((self._named(unit, w) for unit in _UNITS for w in self._windows()), code)
        row.blank(("contrast_d", "contrast_se", "t", "p", "z_surrogate"), code)
        row.cells |= {"arrangements": 0, "null": "", "swap": ""}
        self._blank_rest(row, code)

    def _blank_rest(self, row: ReasonedRow, code: str) -> None:
        row.blank(("specificity",), code)
        row.cells["specificity_against"] = ""
        row.blank(("r_peak_contrast", "r_peak_t", "r_peak_p", "r_peak_z_surrogate"), code)
        row.cells["r_peak_arrangements"] = 0
        nulls = [null.replace("-", "_") for null in self.settings.secondary_nulls]
        row.blank((f"r_peak_{null}_{name}" for null in nulls for name in "pz"), code)
        row.blank(_LATENCY, code)
        row.cells["latency_calibrated"] = "false"
        row.blank(_EVENTS, code)


def _mean(values: Floats) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else float("nan")
