"""Association of two continuous series: windows, lags, lead and follow, chance."""

from mimicry.synchrony.methods.measures import measure
from mimicry.synchrony.methods.presets import PRESETS, preset
from mimicry.synchrony.methods.registry import METHODS, choose_method
from mimicry.synchrony.methods.synchronise import synchronise

__all__ = ["METHODS", "PRESETS", "choose_method", "measure", "preset", "synchronise"]
