"""Association of two continuous series: windows, lags, lead and follow, chance."""

from mimicry.series.methods import METHODS
from mimicry.series.presets import PRESETS, preset
from mimicry.series.synchronise import synchronise

__all__ = ["METHODS", "PRESETS", "preset", "synchronise"]
