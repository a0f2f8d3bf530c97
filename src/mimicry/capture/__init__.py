"""Time-stamped frames from video files and cameras."""
