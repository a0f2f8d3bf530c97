"""Landmark tracks to action-unit tracks."""
