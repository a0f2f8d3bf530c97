"""Named settings of published methods. The name goes into every result."""

from mimicry.errors import InputError
from mimicry.records import SynchronySettings

__all__ = ["PRESETS", "preset"]

_ALL = (
    SynchronySettings(
        preset="rmea",
        method="correlation",
        window_s=60.0,
        step_s=30.0,
        max_lag_s=5.0,
        source=(
            "R package rMEA 1.3.0 (Kleinbub and Ramseyer), settings of its examples; signed "
            "unless --absolute is given, which is that package's own default"
        ),
    ),
    SynchronySettings(
        preset="face",
        method="correlation",
        window_s=8.0,
        step_s=1.0,
        max_lag_s=2.0,
        min_valid=0.8,
        source=(
            "this package: the long end of the windows (2-8 s), steps (0.1-1 s) and lags (1-2 s) "
            "in use for facial expression"
        ),
    ),
    SynchronySettings(
        preset="boker",
        method="correlation",
        window_s=2.0,
        step_s=0.04,
        max_lag_s=2.0,
        peak_region_s=0.32,
        source=(
            "windowed cross-correlation and peak picking of Boker, Rotondo, Xu and King 2002, doi "
            "10.1037/1082-989X.7.3.338; lengths are the defaults of the authors' R package wcc "
            "0.4.1 (window 50, lag 50, step 1, peak 8 samples on both sides) at 25 per second; "
            "its smoothing of the matrix before peak picking is not done"
        ),
    ),
    SynchronySettings(
        preset="susy",
        method="segments",
        window_s=30.0,
        step_s=30.0,
        max_lag_s=3.0,
        source=(
            "surrogate synchrony, Tschacher and Meier 2020, doi 10.1080/10503307.2019.1612114; R "
            "package SUSY 0.1.0: its default lag of 3 s and the segment of 30 s of its examples"
        ),
    ),
    SynchronySettings(
        preset="altmann",
        method="cross_lagged",
        window_s=5.0,
        step_s=0.04,
        max_lag_s=5.0,
        min_valid=1.0,
        peak_region_s=0.2,
        source=(
            "windowed cross-lagged regression, Altmann 2011, doi 10.1007/978-3-642-25775-9_31; "
            "window and lag of 125 frames and a step of 1 frame at 25 per second"
        ),
    ),
    SynchronySettings(
        preset="prewhitened",
        method="prewhitened",
        window_s=0.0,
        step_s=0.0,
        max_lag_s=5.0,
        null="circular-shift",
        source=(
            "cross-correlation after whitening both by the autoregression of the first, order by "
            "AIC; Dean and Dunsmuir 2016, doi 10.3758/s13428-015-0611-2"
        ),
    ),
    SynchronySettings(
        preset="recurrence",
        method="recurrence",
        window_s=0.0,
        step_s=0.0,
        max_lag_s=5.0,
        null="circular-shift",
        source=(
            "diagonal cross-recurrence profile, Coco and Dale 2014, doi 10.3389/fpsyg.2014.00510; "
            "embedding 1, radius set so that 5 % of the pairs recur"
        ),
    ),
)

PRESETS = {settings.preset: settings for settings in _ALL}


def preset(name: str) -> SynchronySettings:
    """Return the settings called `name`.

    Raises
    ------
    InputError
        When there are none of that name.
    """
    if name not in PRESETS:
        raise InputError(
            f"no synchrony preset {name!r}; known are {', '.join(sorted(PRESETS))}", key="--preset"
        )
    return PRESETS[name]
