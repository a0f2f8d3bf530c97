"""Simulated people: what moves a face beyond the design, their sessions and whole studies."""
