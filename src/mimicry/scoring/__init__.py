"""Aligned trials to per-trial and per-condition mimicry scores."""

from mimicry.scoring.summary import summarise
from mimicry.scoring.trials import score

__all__ = ["score", "summarise"]
