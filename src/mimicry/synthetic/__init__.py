"""Rendered faces and simulated participants whose movements are known."""
