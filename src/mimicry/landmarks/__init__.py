"""Frames to landmark tracks; the one place that knows MediaPipe."""
