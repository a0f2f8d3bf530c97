"""Aligned trials to per-trial and per-condition mimicry scores."""
