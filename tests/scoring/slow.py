"""The definitions once more, one number at a time: the judge of the array code.

Nothing here shares a line with the package.
"""

import itertools
import math


def finite(values):
    return [v for v in values if not math.isnan(v)]


def mean(values):
    return math.fsum(values) / len(values) if values else math.nan


def variance(values):
    m = mean(values)
    return math.fsum((v - m) ** 2 for v in values) / (len(values) - 1)


def sd(values):
    return math.sqrt(variance(values))


def window_mean(times, y, a, b):
    inside = [v for t, v in zip(times, y, strict=True) if a - 1e-9 <= t < b - 1e-9]
    seen = finite(inside)
    return mean(seen) if inside and seen and 2 * len(seen) >= len(inside) else math.nan


def delta(times, y, window, baseline=(-0.5, 0.0)):
    return window_mean(times, y, *window) - window_mean(times, y, *baseline)


def standardised(deltas):
    s = sd(finite(deltas))
    return [d / s if s > 1e-9 else math.nan for d in deltas]


def pattern(by_unit, targets, opponents):
    """{unit: deltas} -> D of every trial."""
    n = len(next(iter(by_unit.values())))
    return [
        mean([by_unit[u][k] for u in targets]) - mean([by_unit[u][k] for u in opponents])
        for k in range(n)
    ]


def parts(by_unit, targets, opponents):
    """{unit: deltas} -> mean over the targets and over the opponents of every trial."""
    n = len(next(iter(by_unit.values())))
    means = [
        [mean([by_unit[u][k] for u in side]) for side in (targets, opponents)] for k in range(n)
    ]
    whole = [[math.nan, math.nan] if math.isnan(a - b) else [a, b] for a, b in means]
    return [pair[0] for pair in whole], [pair[1] for pair in whole]


def claim(contrast, target, p, p_target, *, alpha=0.05, valence=False):
    """(p_claim, claim), one case after the other."""
    if any(math.isnan(v) for v in (contrast, target, p, p_target)):
        return math.nan, ""
    joint = 1.0
    if contrast > 0 and target > 0:
        joint = max(p, p_target)
        if joint <= alpha:
            return joint, "valence-congruent" if valence else "mimicry"
    if contrast < 0 and target < 0:
        joint = max(p, p_target)
        if joint <= alpha:
            return joint, "valence-incongruent" if valence else "counter-mimicry"
    return joint, "opponent only" if p <= alpha else "none"


def contrast(d, own, rest):
    return mean([d[k] for k in own]) - mean([d[k] for k in rest])


def welch(first, second):
    error = variance(first) / len(first) + variance(second) / len(second)
    return (mean(first) - mean(second)) / math.sqrt(error) if error > 1e-18 else math.nan


def t_of_mean(values):
    s = sd(values)
    return mean(values) / (s / math.sqrt(len(values))) if s > 1e-9 else math.nan


def share_reaching(observed, drawn, *, two_sided):
    def size(t):
        return abs(t) if two_sided else t

    reached = [math.isnan(t) or size(t) >= size(observed) - 1e-9 for t in drawn]
    return sum(reached) / len(reached)


def swapped_labels(values, own, *, two_sided):
    """Enumerate all ways to label; (t, number, p)."""
    n, k = len(values), len(own)
    drawn = []
    for chosen in itertools.combinations(range(n), k):
        rest = [j for j in range(n) if j not in chosen]
        drawn.append(welch([values[j] for j in chosen], [values[j] for j in rest]))
    others = [j for j in range(n) if j not in own]
    observed = welch([values[j] for j in own], [values[j] for j in others])
    return observed, len(drawn), share_reaching(observed, drawn, two_sided=two_sided)


def swapped_pairs(differences, *, two_sided):
    drawn = [
        t_of_mean([s * d for s, d in zip(signs, differences, strict=True)])
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    observed = t_of_mean(differences)
    return observed, len(drawn), share_reaching(observed, drawn, two_sided=two_sided)


def correlation(pairs):
    """Pearson r of pairs, two passes."""
    mx, my = mean([p[0] for p in pairs]), mean([p[1] for p in pairs])
    sxy = math.fsum((x - mx) * (y - my) for x, y in pairs)
    sxx = math.fsum((x - mx) ** 2 for x, _ in pairs)
    syy = math.fsum((y - my) ** 2 for _, y in pairs)
    n = len(pairs)
    flat = math.sqrt(sxx / (n - 1)) < 1e-9 * max(1, abs(mx)) or math.sqrt(
        syy / (n - 1)
    ) < 1e-9 * max(1, abs(my))
    return math.nan if flat else sxy / math.sqrt(sxx) / math.sqrt(syy)


def lagged(x, y, first, last, lags, least=0.8):
    """r(lag) of x[t], t = first..last, with y[t + lag]; both indexed from 0."""
    result = []
    for lag in lags:
        pairs = [
            (x[t], y[t + lag])
            for t in range(first, last + 1)
            if not (math.isnan(x[t]) or math.isnan(y[t + lag]))
        ]
        wanted = last - first + 1
        enough = len(pairs) >= max(2, least * wanted - 1e-9)
        result.append(correlation(pairs) if enough else math.nan)
    return result


def peak(r, lags):
    seen = [(v, lag) for v, lag in zip(r, lags, strict=True) if not math.isnan(v)]
    if not seen:
        return math.nan, math.nan
    top = max(v for v, _ in seen)
    at = min(lag for v, lag in seen if v >= top - 1e-9)
    return top, math.nan if at in (lags[0], lags[-1]) else at


def pearson(x, y):
    return correlation(list(zip(x, y, strict=True)))


def jackknife(*sides):
    """Standard error and degrees of freedom from the folds of each side."""
    parts = []
    for folds in sides:
        n, m = len(folds), mean(folds)
        parts.append((n - 1) / n * math.fsum((s - m) ** 2 for s in folds))
    total = math.fsum(parts)
    below = math.fsum(v * v / (len(f) - 1) for v, f in zip(parts, sides, strict=True))
    return math.sqrt(total), total * total / below if below else math.nan


def fitted_shift(times, y, envelope, max_s=1.5, step_s=0.01):
    """Least-squares shift by trying them one after the other; (shift, gain, r2)."""
    count = round(max_s / step_s) + 1
    tried = [[envelope(t - k * step_s) for t in times] for k in range(count)]
    height = max(abs(v) for e in tried for v in e)
    my = mean(y)
    power = math.fsum((b - my) ** 2 for b in y)
    errors, gains = [], []
    for raw in tried:
        e = [v / height for v in raw]
        me = mean(e)
        energy = math.fsum((a - me) ** 2 for a in e)
        product = math.fsum((a - me) * (b - my) for a, b in zip(e, y, strict=True))
        gain = max(0.0, product / energy)
        gains.append(gain)
        level = my - gain * me
        errors.append(math.fsum((b - level - gain * a) ** 2 for a, b in zip(e, y, strict=True)))
    best = errors.index(min(errors))
    r2 = 1 - errors[best] / power if power else 0.0
    if gains[best] < 1e-12 or best in (0, count - 1):
        return math.nan, gains[best], r2
    left, mid, right = errors[best - 1 : best + 2]
    return (best + 0.5 * (left - right) / (left - 2 * mid + right)) * step_s, gains[best], r2


def half_rise(times, y, rate, hold_s=0.1):
    """First time from 0 on at which y reaches half of its largest value and stays there."""
    n = math.ceil(hold_s * rate - 1e-9)
    half = max(v for t, v in zip(times, y, strict=True) if t >= -1e-9) / 2
    if half <= 0:
        return math.nan
    for k, t in enumerate(times):
        if t < -1e-9 or len(y[k : k + n]) < n or not all(v >= half for v in y[k : k + n]):
            continue
        if times[k - 1] < -1e-9:
            return math.nan
        share = (half - y[k - 1]) / (y[k] - y[k - 1])
        return times[k - 1] + share * (t - times[k - 1])
    return math.nan


def largest_z(times, first, second, rate, width_s=0.5):
    """Largest Welch z of window means from 0 on."""
    n = round(width_s * rate)
    start = next(k for k, t in enumerate(times) if t >= -1e-9)
    found = []
    for k in range(start, len(times) - n + 1):
        sides = [[mean(row[k : k + n]) for row in rows] for rows in (first, second)]
        found.append(welch(*sides))
    return max(found)


def difference(rows, others):
    """Pointwise mean of rows minus that of others."""
    n = len(rows[0])
    return [mean([r[j] for r in rows]) - mean([r[j] for r in others]) for j in range(n)]


def folds(rows, others, measure):
    """What `measure` makes of the difference without each row, and without each of the others."""
    first = [measure(difference(rows[:k] + rows[k + 1 :], others)) for k in range(len(rows))]
    second = [measure(difference(rows, others[:k] + others[k + 1 :])) for k in range(len(others))]
    return first, second


def rest_noise(values):
    """1.4826 median absolute deviations about the median."""

    def median(numbers):
        ordered = sorted(numbers)
        n = len(ordered)
        return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2

    centre = median(values)
    return 1.4826 * median([abs(v - centre) for v in values])


def calibrated(value, imitated, reference):
    ordered = sorted(imitated)
    n = len(ordered)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    return value / middle if n >= 4 and middle > 3 * sd(reference) else math.nan


def onset(times, change, sigma, rate, hold_s=0.1, search=(0.2, 2.0)):
    held = math.ceil(hold_s * rate - 1e-9)
    for k, t in enumerate(times):
        if not search[0] - 1e-9 <= t < search[1] - 1e-9:
            continue
        stretch = change[k : k + held]
        if len(stretch) == held and all(v > 3 * sigma for v in stretch):
            return 1, t
    return 0, math.nan


def fieller(control, control_se, group, group_se, t, step=1e-4, reach=3.0):
    """Scan ratios: which are not rejected?"""
    kept = []
    for k in range(int(2 * reach / step)):
        ratio = -reach + k * step
        error = math.hypot(group_se, ratio * control_se)
        if abs(group - ratio * control) <= t * error:
            kept.append(ratio)
    return 100 * (1 - max(kept)), 100 * (1 - min(kept))
