"""Reliability, group models, equivalence and power."""
