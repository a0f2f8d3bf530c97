"""Every way to measure people together: question, source, default numbers, function, chance.

A method is one entry of `METHODS` and a file beside this one with the function that the entry
names. With values by window and lag, the function returns :class:`LagValues` and the entry is
:func:`by_lag`; without, it returns a :class:`~mimicry.records.SeriesMeasure` and the entry is
:class:`Method`. From the entry follow the command's list, the table in `docs/synchrony.md`, what
is refused, the comparison with chance and what is written; `report/synchrony.py` may have a
picture for it, else it plots the table's first two columns of numbers.

Seconds are seconds of the recording. "Ours" marks a number for which no published default is
known to us.
"""

from dataclasses import replace
from typing import Any

from mimicry.errors import InputError
from mimicry.records import SynchronySettings
from mimicry.synchrony.methods.answers import measure_answers
from mimicry.synchrony.methods.by_lag import by_lag
from mimicry.synchrony.methods.chance import NULLS
from mimicry.synchrony.methods.coherence import measure_coherence, statistics_of_coherence
from mimicry.synchrony.methods.lag_values import (
    correlation,
    cross_lagged,
    prewhitened,
    recurrence,
    segments,
)
from mimicry.synchrony.methods.method import Method
from mimicry.synchrony.methods.responses import measure_responses
from mimicry.synchrony.methods.viewers import measure_viewers
from mimicry.synchrony.methods.warping import measure_warping, statistics_of_warping

__all__ = ["METHODS", "choose_settings"]

_HOW_ALIKE = "how alike do two people move, by window and lag?"


def _some_windows(window: int, lag: int, n: int) -> int:
    """Return segments longer than a window, so that few windows hold a seam, but at least six."""
    return max(1, min(window + lag, n // 6))


def _some_lags(_window: int, lag: int, n: int) -> int:
    """Return segments of four times the largest lag, but at least six."""
    return max(1, min(4 * lag or n, n // 6))


def _own_segments(window: int, _lag: int, _n: int) -> int:
    """Return the segments of the method itself."""
    return window


_ALL = (
    by_lag(
        SynchronySettings(
            preset="rmea",
            question=_HOW_ALIKE,
            source=(
                "R package rMEA 1.3.0 (Kleinbub and Ramseyer), settings of its examples; signed "
                "unless absolute values are asked for, which are that package's own default"
            ),
            method="correlation",
            window_s=60.0,
            step_s=30.0,
            max_lag_s=5.0,
            null="segment-shuffle",
        ),
        correlation,
        shuffled=_some_windows,
    ),
    by_lag(
        SynchronySettings(
            preset="face",
            question=_HOW_ALIKE,
            source=(
                "this package: the long end of the windows (2-8 s), steps (0.1-1 s) and lags "
                "(1-2 s) in use for facial expression"
            ),
            method="correlation",
            window_s=8.0,
            step_s=1.0,
            max_lag_s=2.0,
            min_valid=0.8,
            null="segment-shuffle",
        ),
        correlation,
        shuffled=_some_windows,
    ),
    by_lag(
        SynchronySettings(
            preset="boker",
            question=_HOW_ALIKE,
            source=(
                "in the manner of Boker, Rotondo, Xu and King 2002, doi "
                "10.1037/1082-989X.7.3.338; lengths are the defaults of the authors' R package "
                "wcc 0.4.1 (window 50, lag 50, step 1, peak 8 samples on both sides) at 25 per "
                "second; its smoothing of the matrix before peak picking is not done"
            ),
            method="correlation",
            window_s=2.0,
            step_s=0.04,
            max_lag_s=2.0,
            peak_region_s=0.32,
            null="segment-shuffle",
        ),
        correlation,
        shuffled=_some_windows,
    ),
    by_lag(
        SynchronySettings(
            preset="susy",
            question="are matching segments more alike than mismatched ones?",
            source=(
                "surrogate synchrony, Tschacher and Meier 2020, doi "
                "10.1080/10503307.2019.1612114; the numbers of the R package SUSY 0.1.0, its "
                "default lag of 3 s and the segment of 30 s of its examples"
            ),
            method="segments",
            window_s=30.0,
            step_s=30.0,
            max_lag_s=3.0,
            null="segment-shuffle",
        ),
        segments,
        shuffled=_own_segments,
    ),
    by_lag(
        SynchronySettings(
            preset="altmann",
            question="what does one's past add to the other's own past?",
            source=(
                "in the manner of the windowed cross-lagged regression of Altmann 2011, doi "
                "10.1007/978-3-642-25775-9_31; window and lag of 125 frames and a step of 1 frame "
                "at 25 per second; no gain is set to 0 by a test, and peaks are picked as for boker"
            ),
            method="cross_lagged",
            window_s=5.0,
            step_s=0.04,
            max_lag_s=5.0,
            min_valid=1.0,
            peak_region_s=0.2,
            null="segment-shuffle",
        ),
        cross_lagged,
        shuffled=_some_windows,
        only_more=True,
        value_name="gain in R²",
    ),
    by_lag(
        SynchronySettings(
            preset="prewhitened",
            question="what is left of the correlation without each one's smoothness?",
            source=(
                "cross-correlation after whitening both by the autoregression of the first, order "
                "by AIC; Dean and Dunsmuir 2016, doi 10.3758/s13428-015-0611-2"
            ),
            method="prewhitened",
            window_s=0.0,
            step_s=0.0,
            max_lag_s=5.0,
            null="circular-shift",
        ),
        prewhitened,
        shuffled=_some_lags,
    ),
    by_lag(
        SynchronySettings(
            preset="recurrence",
            question="how often are both in the same state, by lag?",
            source=(
                "diagonal cross-recurrence profile, Coco and Dale 2014, doi "
                "10.3389/fpsyg.2014.00510; embedding 1, radius set so that 5 % of the pairs recur"
            ),
            method="recurrence",
            window_s=0.0,
            step_s=0.0,
            max_lag_s=5.0,
            null="circular-shift",
        ),
        recurrence,
        shuffled=_some_lags,
        only_more=True,
        value_name="recurrence rate",
    ),
    Method(
        SynchronySettings(
            preset="coherence",
            question="at which rhythms do two people move together, whatever the lag?",
            source=(
                "Welch's average; 0.05 to 2 Hz, of which movement in conversation fills the part "
                "below 0.5 Hz (Fujiwara and Daibo 2016, doi 10.3389/fpsyg.2016.00516); the "
                "window, one period of the lowest frequency, and the longest gap (a blink) that "
                "is bridged by a straight line are ours"
            ),
            window_s=20.0,
            options={"lowest_hz": 0.05, "highest_hz": 2.0, "bridge_s": 0.5},
            null="segment-shuffle",
        ),
        run=measure_coherence,
        statistics=statistics_of_coherence,
        nulls=tuple(NULLS),
        shuffled=_some_windows,
        only_more=True,
    ),
    Method(
        SynchronySettings(
            preset="dtw",
            question="how alike are two courses when small shifts in time are forgiven?",
            source=(
                "band of Sakoe and Chiba 1978, doi 10.1109/TASSP.1978.1163055; refused in windows "
                "in which a side does not move; band of 1 s, windows of 8 s, min_sd (0.03 AU "
                "units, or a tenth of the recording's SD for numbers without a unit) and the "
                "longest gap (a blink) that is bridged by a straight line are ours"
            ),
            window_s=8.0,
            step_s=8.0,
            max_lag_s=1.0,
            options={"min_sd": None, "bridge_s": 0.5},
            null="segment-shuffle",
        ),
        run=measure_warping,
        statistics=statistics_of_warping,
        nulls=tuple(NULLS),
        shuffled=_some_windows,
    ),
    Method(
        SynchronySettings(
            preset="events",
            question="how many movements of one face are answered by the other's, beyond chance?",
            source=(
                "matching of onsets as in Bilakhia, Petridis and Pantic 2013, doi "
                "10.1109/ACII.2013.27; answers after 0.2 to 2 s are in use for faces; the onset "
                "rule (3 robust SDs for 0.1 s) is ours, the one of the trial scores"
            ),
            options={"answer_from_s": 0.2, "answer_to_s": 2.0, "sigma": 3.0, "hold_s": 0.1},
            null="circular-shift",
            surrogates=999,
        ),
        run=measure_answers,
        nulls=("circular-shift",),
    ),
    Method(
        SynchronySettings(
            preset="fir",
            question="what is the response to each kind of event when responses overlap?",
            source=(
                "linear deconvolution, Ehinger and Dimigen 2019, doi 10.7717/peerj.7838; bins of "
                "0.1 s over 2 s are usual for faces; autoregressive errors up to 0.4 s are ours"
            ),
            series="1",
            window_s=2.0,
            step_s=0.1,
            options={"ridge": 0.0, "max_ar_s": 0.4},
        ),
        run=measure_responses,
    ),
    Method(
        SynchronySettings(
            preset="isc",
            question="do the viewers of one film move at the same moments?",
            source=(
                "leave-one-out intersubject correlation, Hasson and colleagues 2004, doi "
                "10.1126/science.1089506; shifts of each viewer by 20 s or more are ours"
            ),
            series="3 or more",
            options={"min_shift_s": 20.0},
            null="circular-shift",
            surrogates=999,
        ),
        run=measure_viewers,
        nulls=("circular-shift",),
    ),
)

METHODS: dict[str, Method] = {method.settings.preset: method for method in _ALL}
_LENGTHS = ("window_s", "step_s", "max_lag_s")


def choose_settings(name: str = "rmea", **changes: Any) -> SynchronySettings:
    """Return a method's settings with some of its values changed (None: leave as it is).

    `options` changes single options by name.

    Raises
    ------
    InputError
        When there is no such method, it has no such number or null, or a number is out of range.
    """
    if name not in METHODS:
        raise InputError(
            f"no synchrony preset {name!r}; known are {', '.join(sorted(METHODS))}", key="`preset`"
        )
    method = METHODS[name]
    given = {key: value for key, value in changes.items() if value is not None}
    options = given.pop("options", {})
    _refuse_meaningless(method, given, options)
    settings = replace(method.settings, **given, options={**method.settings.options, **options})
    if settings.method == "segments":
        settings = replace(settings, step_s=settings.window_s)  # one follows the other
    if settings.surrogates < 0 or (settings.max_lag_s or 0.0) < 0:
        raise InputError("`surrogates` and `max_lag_s` cannot be negative", key="`surrogates`")
    return settings


def _refuse_meaningless(method: Method, given: dict[str, Any], options: dict[str, float]) -> None:
    """Refuse numbers that a method does not have, and nulls that do not suit it."""
    settings, name = method.settings, method.settings.preset
    if options and not settings.options:
        raise InputError(f"`options` means nothing for preset {name!r}", key="`options`")
    for key in options:
        if key not in settings.options:
            known = ", ".join(settings.options)
            raise InputError(
                f"preset {name!r} has no option {key!r}; it has {known}", key="`options`"
            )
    for key in _LENGTHS:
        follows = key == "step_s" and settings.method == "segments"
        if key in given and (not getattr(settings, key) or follows):
            why = ", whose segments follow one another" if follows else ""
            raise InputError(f"`{key}` means nothing for preset {name!r}{why}", key=f"`{key}`")
        if key != "max_lag_s" and key in given and not given[key] > 0:
            raise InputError(f"`{key}` is {given[key]}; expected more than 0", key=f"`{key}`")
    if given.get("absolute") and (settings.method is None or method.only_more):
        why = ", whose values are never negative" if settings.method else ""
        raise InputError(f"`absolute` means nothing for preset {name!r}{why}", key="`absolute`")
    if "null" in given and given["null"] not in method.nulls:
        _refuse_null(method, given["null"])
    if given.get("surrogates") and settings.null is None:
        raise InputError(f"preset {name!r} has no surrogates", key="`surrogates`")


def _refuse_null(method: Method, null: str) -> None:
    name, known = method.settings.preset, ", ".join(method.nulls)
    if not method.nulls:
        text = f"`null` means nothing for preset {name!r}"
    elif method.statistics is None:
        text = f"preset {name!r} has a null of its own, {known}"
    else:
        text = f"no null {null!r} for two series; known are {known}"
    raise InputError(text, key="`null`")
