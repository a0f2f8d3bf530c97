"""Clocks, stimulus envelopes and events: action-unit tracks to aligned trials."""
