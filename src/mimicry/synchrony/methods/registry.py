"""Methods that give no lag matrix, with their default settings and sources, as data.

Seconds are seconds of the recording. "Ours" marks a number for which no published default is
known to us.
"""

from dataclasses import replace
from typing import Any

from mimicry.errors import InputError
from mimicry.records import MeasureSettings

__all__ = ["METHODS", "choose_method"]

_ALL = (
    MeasureSettings(
        preset="coherence",
        question="at which rhythms do two people move together, whatever the lag?",
        source=(
            "Welch's average; 0.05 to 2 Hz, of which movement in conversation fills the part below "
            "0.5 Hz (Fujiwara and Daibo 2016, doi 10.3389/fpsyg.2016.00516); the window, one "
            "period of the lowest frequency, and the longest gap (a blink) that is bridged by a "
            "straight line are ours"
        ),
        series="2",
        window_s=20.0,
        options={"lowest_hz": 0.05, "highest_hz": 2.0, "bridge_s": 0.5},
        null="segment-shuffle",
    ),
    MeasureSettings(
        preset="dtw",
        question="how alike are two courses when small shifts in time are forgiven?",
        source=(
            "band of Sakoe and Chiba 1978, doi 10.1109/TASSP.1978.1163055; refused in windows in "
            "which a side does not move; band of 1 s, windows of 8 s, min_sd (0.03 AU units, or a "
            "tenth of the recording's SD for numbers without a unit) and the longest gap (a blink) "
            "that is bridged by a straight line are ours"
        ),
        series="2",
        window_s=8.0,
        step_s=8.0,
        max_lag_s=1.0,
        options={"min_sd": None, "bridge_s": 0.5},
        null="segment-shuffle",
    ),
    MeasureSettings(
        preset="events",
        question="how many movements of one face are answered by the other's, beyond chance?",
        source=(
            "matching of onsets as in Bilakhia, Petridis and Pantic 2013, doi "
            "10.1109/ACII.2013.27; answers after 0.2 to 2 s are in use for faces; the onset rule "
            "(3 robust SDs for 0.1 s) is ours, the one of the trial scores"
        ),
        series="2",
        options={"answer_from_s": 0.2, "answer_to_s": 2.0, "sigma": 3.0, "hold_s": 0.1},
        null="circular-shift",
        surrogates=999,
    ),
    MeasureSettings(
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
    MeasureSettings(
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
)

METHODS = {method.preset: method for method in _ALL}
_FLAGS = {"window_s": "--window", "step_s": "--step", "max_lag_s": "--max-lag", "null": "--null"}
_OWN_NULL = ("events", "isc")


def choose_method(name: str, **changes: Any) -> MeasureSettings:
    """Return a method's settings with some of its values changed (None: leave as it is).

    `options` changes single options by name.

    Raises
    ------
    InputError
        When the method has no such number, or it is out of range.
    """
    settings = METHODS[name]
    given = {key: value for key, value in changes.items() if value is not None}
    options = given.pop("options", {})
    for key in options:
        if key not in settings.options:
            known = ", ".join(settings.options) or "none"
            raise InputError(f"preset {name!r} has no option {key!r}; it has {known}", key="--set")
    for key, flag in _FLAGS.items():
        if key in given and getattr(settings, key) is None:
            raise InputError(f"{flag} means nothing for preset {name!r}", key=flag)
    if name in _OWN_NULL and given.get("null", settings.null) != settings.null:
        raise InputError(f"preset {name!r} has a null of its own, {settings.null}", key="--null")
    if given.get("surrogates") and settings.null is None:
        raise InputError(f"preset {name!r} has no surrogates", key="--surrogates")
    changed = replace(settings, **given, options={**settings.options, **options})
    for key in ("window_s", "step_s"):
        value = getattr(changed, key)
        if value is not None and not value > 0:
            raise InputError(f"{_FLAGS[key]} is {value}; expected more than 0", key=_FLAGS[key])
    if changed.surrogates < 0 or (changed.max_lag_s or 0.0) < 0:
        raise InputError("--surrogates and --max-lag cannot be negative", key="--surrogates")
    return changed
