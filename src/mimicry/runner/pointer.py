"""The mouse pointer: out of the picture from the first trial on."""

import ctypes
import os
import sys
import time

__all__ = ["nudge_pointer"]


def nudge_pointer() -> None:
    """Move the mouse pointer by one pixel and back, under X11; elsewhere do nothing.

    A browser that opens under a resting mouse does not know where it is, and cannot hide the
    pointer before it has moved: it would stand in the middle of every face. Other systems
    tell a new window by themselves.
    """
    if not sys.platform.startswith("linux") or not os.environ.get("DISPLAY"):
        return
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    if not display:
        return
    for step in (1, -1):
        # no window named: relative to where the pointer is
        x11.XWarpPointer(display, None, None, 0, 0, 0, 0, step, 0)
        x11.XSync(display, 0)
        time.sleep(0.05)
    x11.XCloseDisplay(display)
