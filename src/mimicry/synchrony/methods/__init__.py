"""Formulas for people together, as one registry: windows, lags, rhythms, answers, chance."""

from mimicry.synchrony.methods.chance import NULLS
from mimicry.synchrony.methods.measure import measure
from mimicry.synchrony.methods.method import Method, People, Result
from mimicry.synchrony.methods.registry import METHODS, choose_settings
from mimicry.synchrony.methods.sample import RE_PAIRING, measure_sample

__all__ = [
    "METHODS",
    "NULLS",
    "RE_PAIRING",
    "Method",
    "People",
    "Result",
    "choose_settings",
    "measure",
    "measure_sample",
]
