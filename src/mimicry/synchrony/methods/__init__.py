"""Formulas for people together, as one registry: windows, lags, rhythms, answers, chance."""

from mimicry.synchrony.methods.chance import NULLS
from mimicry.synchrony.methods.measure import measure
from mimicry.synchrony.methods.method import Method, People, Result
from mimicry.synchrony.methods.registry import METHODS, choose_settings

__all__ = ["METHODS", "NULLS", "Method", "People", "Result", "choose_settings", "measure"]
