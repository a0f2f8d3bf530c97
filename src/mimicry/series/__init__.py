"""Association of two continuous series: windows, lags, lead and follow, chance."""

from mimicry.series.measures import measure
from mimicry.series.methods import METHODS, choose_method
from mimicry.series.presets import PRESETS, preset
from mimicry.series.synchronise import synchronise

__all__ = ["METHODS", "PRESETS", "choose_method", "measure", "preset", "synchronise"]
