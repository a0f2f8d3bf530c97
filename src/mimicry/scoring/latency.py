"""When the response to an emotion comes: by the movement it answers, and without a template."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from mimicry.kernels.windows import in_window
from mimicry.records import ScoringSettings

__all__ = [
    "Latencies", "Latency", "ShiftFit", "fit_shift", "half_rise", "jackknife_interval", "latencies",
]  # fmt: skip

Floats = NDArray[np.float64]
Envelope = Callable[[Floats], Floats]

_HOLD_S = 0.1  # a half-rise lasts so long
_GATE_S = 0.5  # windows of the gate of the half-rise
_APART = 2.0  # standard errors between both latencies, from which on the shape is another
_SURE = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True)
class Latency:
    """A latency with its jackknife interval and the gate it had to pass.

    `reason` says why `value_s` is NaN, `interval_reason` why the interval is: ``no_latency`` or
    ``fold_undefined``.
    """

    value_s: float = float("nan")
    se_s: float = float("nan")
    low_s: float = float("nan")
    high_s: float = float("nan")
    gate: float = float("nan")
    reason: str = ""
    interval_reason: str = "no_latency"


@dataclass(frozen=True, slots=True)
class Latencies:
    """Both latencies of one average response.

    Parameters
    ----------
    shift
        Shift of the stimulus envelope that fits best. Reasons: ``too_few_trials``,
        ``too_few_reference_trials``, ``flat_stimulus``, ``low_snr`` (the gate), ``no_response``,
        ``edge``, ``poor_fit``.
    half
        Time of half rise. Reasons: the first two, ``low_snr``, ``no_response``, ``edge`` (above
        half before 0), ``not_held``.
    fit_r2
        Share of the average's variance that the shifted envelope explains.
    fit_reason
        Why `fit_r2` is NaN.
    flags
        ``no_reference``: the average of the trials themselves, nothing subtracted;
        ``other_shape``: both latencies are given and disagree by more than 2 standard errors
        (and a step of the fit).
    """

    shift: Latency
    half: Latency
    fit_r2: float = float("nan")
    fit_reason: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShiftFit:
    """Least-squares fits of ``y = c + g * env(t - s)`` with ``g >= 0`` to M averages.

    Parameters
    ----------
    shifts_s
        (M,) s, refined by a parabola through its neighbours; NaN with a reason.
    gains, r2
        (M,) g for the envelope scaled to 1, and the share of variance explained, both at the best
        step.
    reasons
        M texts: "", ``edge``, ``no_response`` or ``flat_stimulus``.
    """

    shifts_s: Floats
    gains: Floats
    r2: Floats
    reasons: tuple[str, ...]


def latencies(
    times_s: ArrayLike,
    change: ArrayLike,
    reference: ArrayLike,
    envelope: Envelope,
    settings: ScoringSettings,
) -> Latencies:
    """Return when an emotion's average response comes, beyond what reference trials show too.

    Parameters
    ----------
    times_s
        (N,) seconds from the dynamic onset, at `settings.rate_hz`.
    change, reference
        (n, N) and (m, N) response minus baseline of the emotion's and of its reference trials;
        NaN is missing. Without reference trials the emotion's own average is taken, and flagged.
    envelope
        The stimulus's own movement: times -> intensity.
    settings
        Windows of the fit (the baseline and `latency_fit_s`), gates and smallest numbers: the keys
        ``latency_*`` and ``min_trials_latency``.

    Returns
    -------
    Latencies
        The shift is refused (NaN, reason) when its gain is below `latency_gate` standard errors,
        when the best shift lies at either end or nothing follows the envelope, and below
        `latency_min_r2`; the half-rise when no 0.5-s window from 0 on differs by `latency_gate`
        standard errors from the reference.

    Notes
    -----
    A startle that every stimulus causes is in both sides and leaves no latency. The shift
    aligns points of half rise and is never an onset; the half-rise is later by the envelope's
    own. Standard errors are jackknifed over the trials of both sides, the fit repeated in each
    fold, the gates not.

    References
    ----------
    Miller, Patterson & Ulrich (1998), Jackknife-based method for measuring LRP onset latency
    differences, Psychophysiology 35, 99-115.
    """
    chosen = in_window(times_s, settings.baseline_s) | in_window(times_s, settings.latency_fit_s)
    times = np.asarray(times_s, dtype=np.float64)[chosen]
    sides = [np.atleast_2d(np.asarray(side, dtype=np.float64)) for side in (change, reference)]
    sides = [side[np.isfinite(side).any(axis=1)] if side.size else side[:0] for side in sides]
    flags = () if np.size(reference) else ("no_reference",)
    sides = [side[:, chosen] for side in sides[: 2 - len(flags)]]
    least = max(settings.min_trials_latency, 2)
    # A time that fewer than half of a side's trials show is left out, of every fold alike.
    seen = [_often_seen(side) for side in sides]
    codes = ("too_few_trials", "too_few_reference_trials")
    for side, part, code in zip(sides, seen, codes, strict=False):
        if len(side) < least or 2 * part.sum() < part.size:
            return _refused(code, flags)
    often = np.logical_and.reduce(seen)
    if 2 * often.sum() < often.size:
        return _refused("missing_samples", flags)
    sides = [np.where(often, side, np.nan) for side in sides]
    averages = _differences(sides)
    cuts = [1, 1 + len(sides[0])]
    fit = fit_shift(
        times, averages, envelope, max_s=settings.latency_max_s, step_s=settings.latency_step_s
    )
    shift = _shift(fit, cuts, settings)
    rises, causes = half_rise(times, averages, rate_hz=settings.rate_hz)
    gate = _largest_z(times, sides, settings.rate_hz)
    half = _latency(rises, cuts, gate, causes[0] if gate >= settings.latency_gate else "low_snr")
    if not (shift.reason or half.reason):
        gap = _latency(rises - fit.shifts_s - _own_rise(times, envelope), cuts, gate, "")
        # neither is known better than a step of the fit
        if abs(gap.value_s) > max(_APART * gap.se_s, settings.latency_step_s):
            flags = (*flags, "other_shape")
    r2 = float(fit.r2[0])
    return Latencies(shift, half, r2, "" if np.isfinite(r2) else fit.reasons[0], flags)


def fit_shift(
    times_s: ArrayLike,
    averages: ArrayLike,
    envelope: Envelope,
    *,
    max_s: float = 1.5,
    step_s: float = 0.01,
) -> ShiftFit:
    """Fit a shifted envelope to averages, ``y = c + g * env(t - s)`` with ``g >= 0``.

    Parameters
    ----------
    times_s
        (N,) seconds from the dynamic onset.
    averages
        (M, N) average responses, each fitted by itself; a time that one of them lacks (NaN) is
        left out of all.
    envelope
        Times -> intensity; scaled to 1 by its largest value.
    max_s, step_s
        Shifts are tried from 0 to `max_s`, both ends included.
    """
    times = np.asarray(times_s, dtype=np.float64)
    y = np.atleast_2d(np.asarray(averages, dtype=np.float64))
    shifts = np.arange(round(max_s / step_s) + 1) * step_s
    template = envelope(times[None, :] - shifts[:, None])
    nothing = np.full(len(y), np.nan)
    if np.ptp(template) <= 1e-12:
        return ShiftFit(nothing, nothing, nothing, ("flat_stimulus",) * len(y))
    seen = np.isfinite(y).all(axis=0)
    if not seen.any():
        return ShiftFit(nothing, nothing, nothing, ("no_response",) * len(y))
    y, template = y[:, seen], template[:, seen] / np.abs(template).max()
    y = y - y.mean(axis=1, keepdims=True)
    template = template - template.mean(axis=1, keepdims=True)
    energy, power = (template**2).sum(axis=1), (y**2).sum(axis=1)
    moves = energy > 1e-12 * len(times)
    gains = np.where(moves, np.maximum(y @ template.T, 0) / np.where(moves, energy, 1.0), 0.0)
    explained = gains**2 * energy
    errors = power[:, None] - explained
    best = errors.argmin(axis=1)
    rows = np.arange(len(y))
    share = explained[rows, best] / np.where(power > 0, power, 1.0)
    silent = share <= 1e-18
    edge = (best == 0) | (best == len(shifts) - 1)
    middle = np.clip(best, 1, len(shifts) - 2)
    left, mid, right = (errors[rows, middle + d] for d in (-1, 0, 1))
    bend = left - 2 * mid + right
    offset = np.where(bend > 0, 0.5 * (left - right) / np.where(bend > 0, bend, 1.0), 0.0)
    value = shifts[middle] + np.clip(offset, -0.5, 0.5) * step_s
    reasons = tuple(
        "no_response" if s else "edge" if e else "" for s, e in zip(silent, edge, strict=True)
    )
    return ShiftFit(np.where(silent | edge, np.nan, value), gains[rows, best], share, reasons)


def half_rise(
    times_s: ArrayLike, averages: ArrayLike, *, rate_hz: float
) -> tuple[Floats, tuple[str, ...]]:
    """Return when averages first reach half of their largest value from 0 on, and stay there.

    Parameters
    ----------
    times_s
        (N,) seconds from the dynamic onset, increasing; some before 0.
    averages
        (M, N) average responses, each by itself; NaN is missing.
    rate_hz
        Samples a second: 0.1 s of them in a row must not lie below the half.

    Returns
    -------
    rises_s
        (M,) times, by a straight line from the sample before; NaN with a reason.
    reasons
        M texts: "", ``no_response`` (nothing above 0), ``edge`` (above half at 0 already),
        ``not_held`` (only for shorter stretches, or after a missing sample).

    Examples
    --------
    >>> half_rise([-0.1, 0.0, 0.1, 0.2, 0.3], [[0.0, 0.0, 0.2, 1.0, 1.0]], rate_hz=10)[0].round(4)
    array([0.1375])
    """
    times = np.asarray(times_s, dtype=np.float64)
    y = np.atleast_2d(np.asarray(averages, dtype=np.float64))
    first = int(np.searchsorted(times, -1e-9))
    if first == len(times):
        return np.full(len(y), np.nan), ("no_response",) * len(y)
    top = np.where(np.isfinite(y[:, first:]), y[:, first:], -np.inf).max(axis=1, initial=-np.inf)
    half = np.where(top > 0, top, np.nan) / 2
    with np.errstate(invalid="ignore"):
        above = y >= half[:, None]
    n = max(1, int(np.ceil(_HOLD_S * rate_hz - 1e-9)))
    stays = sliding_window_view(np.pad(above, ((0, 0), (0, n - 1))), n, axis=1).all(axis=2)
    at = first + stays[:, first:].argmax(axis=1)
    rows = np.arange(len(y))
    low, high = y[rows, at - 1], y[rows, at]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = times[at] - (high - half) / (high - low) * (times[at] - times[at - 1])
    reasons = np.where(np.isfinite(low), "", "not_held").astype(object)
    reasons[at == first] = "edge"
    reasons[~stays[rows, at]] = "not_held"
    reasons[~(top > 0)] = "no_response"
    return np.where(reasons == "", value, np.nan), tuple(reasons.tolist())


def jackknife_interval(value: float, *folds: ArrayLike) -> tuple[float, float, float]:
    """Return the standard error and 95 % t interval of a value from its leave-one-out folds.

    Parameters
    ----------
    value
        The value of all trials.
    folds
        For each side that trials were left out of: the values without each of its trials.

    Returns
    -------
    se, low, high
        Variances of the sides add up; degrees of freedom by Welch and Satterthwaite. NaN when any
        fold is NaN or a side has fewer than two.

    Examples
    --------
    >>> se, low, high = jackknife_interval(0.61, [0.60, 0.64, 0.58, 0.62])
    >>> round(se, 5), round((high - low) / 2, 6)
    (0.03873, 0.123256)
    """
    sides = [np.asarray(side, dtype=np.float64) for side in folds]
    if not all(len(side) > 1 and np.isfinite(side).all() for side in sides):
        return float("nan"), float("nan"), float("nan")
    from scipy.special import stdtrit

    below = np.array([len(side) - 1 for side in sides])
    parts = np.array([side.var() * len(side) for side in sides]) * below / (below + 1)
    total = parts.sum()
    df = 1 / ((parts / total) ** 2 / below).sum() if total > 0 else below.sum()
    half = float(stdtrit(df, 0.975)) * float(np.sqrt(total))
    return float(np.sqrt(total)), value - half, value + half


def _refused(reason: str, flags: tuple[str, ...]) -> Latencies:
    none = Latency(reason=reason)
    return Latencies(none, none, fit_reason=reason, flags=flags)


def _differences(sides: list[Floats]) -> Floats:
    """(1 + n + m, N) difference of the sides' means: of all trials, and without each of them."""
    means, without = [], []
    for side in sides:
        finite = np.isfinite(side)
        filled = np.where(finite, side, 0.0)
        total, count = filled.sum(axis=0), finite.sum(axis=0)
        left = count - finite
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append(total / count)
            without.append((total - filled) / np.where(left > 0, left, np.nan))
    other = means[1] if len(sides) > 1 else 0.0
    folds = [(means[0] - other)[None], without[0] - other]
    return np.concatenate(folds + [means[0] - left for left in without[1:]])


def _often_seen(side: Floats) -> NDArray[np.bool_]:
    """(N,) times that at least half of the trials show, and two in any case."""
    seen = np.isfinite(side).sum(axis=0)
    return np.asarray((2 * seen >= len(side)) & (seen > 1))


def _shift(fit: ShiftFit, cuts: list[int], settings: ScoringSettings) -> Latency:
    """Return the shift, if its gain is certain and its fit good enough."""
    gain = _latency(fit.gains, cuts, np.nan, "")
    gate = _certainty(gain.value_s, gain.se_s)
    reason = fit.reasons[0]
    if reason != "flat_stimulus" and not gate >= settings.latency_gate:
        reason = "low_snr"
    elif not reason and not fit.r2[0] >= settings.latency_min_r2 - 1e-9:
        reason = "poor_fit"
    return _latency(fit.shifts_s, cuts, gate, reason)


def _latency(values: Floats, cuts: list[int], gate: float, reason: str) -> Latency:
    """Return the first value, with its interval from the folds that follow."""
    if reason:
        return Latency(gate=gate, reason=reason)
    first, *folds = np.split(values, cuts)
    sides = [side for side in folds if len(side)]
    se, low, high = jackknife_interval(float(first[0]), *sides)
    why = "" if np.isfinite(se) else "fold_undefined"
    return Latency(float(first[0]), se, low, high, gate, "", why)


def _certainty(value: float, se: float) -> float:
    """Value over standard error; infinite certainty counts as the largest number, not NaN."""
    if se <= 1e-12 * max(1.0, abs(value)):
        return float(np.sign(value)) * _SURE if abs(value) > 1e-12 else 0.0
    return value / se


def _largest_z(times: Floats, sides: list[Floats], rate_hz: float) -> float:
    """Return the largest Welch z of 0.5-s windows from 0 on; NaN where none has two trials."""
    width = max(1, round(_GATE_S * rate_hz))
    shown = times >= -1e-9
    if shown.sum() < width:
        return float("nan")
    means, squares = [], []
    for side in sides:
        windows = sliding_window_view(side[:, shown], width, axis=1)
        finite = np.isfinite(windows)
        seen = finite.sum(axis=2)
        enough = 2 * seen >= width
        level = np.where(finite, windows, 0.0).sum(axis=2) / np.maximum(seen, 1)
        n = np.where(enough.sum(axis=0) > 1, enough.sum(axis=0), np.nan)
        mean = np.where(enough, level, 0.0).sum(axis=0) / n
        spread = np.where(enough, (level - mean) ** 2, 0.0).sum(axis=0) / (n - 1)
        means.append(mean)
        squares.append(spread / n)
    difference = means[0] - means[1] if len(sides) > 1 else means[0]
    error = np.sqrt(np.sum(squares, axis=0))
    pairs = np.column_stack([difference, error])
    certainties = [_certainty(z, se) for z, se in pairs[np.isfinite(pairs).all(axis=1)].tolist()]
    return max(certainties, default=float("nan"))


def _own_rise(times: Floats, envelope: Envelope) -> float:
    """Return the half-rise of the envelope itself, above its level before 0."""
    fine = np.arange(-1, round(1000 * times[-1])) / 1000
    before = times[times < -1e-9]
    course = envelope(fine) - (envelope(before).mean() if len(before) else 0.0)
    return float(half_rise(fine, course[None], rate_hz=1000)[0][0])
