"""Benchmarks: the figures behind the documentation, each made by one module."""
