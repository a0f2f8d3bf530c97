"""The flashes of the calibration: what is shown (a short video, an image), what the camera saw."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import RecordingError
from mimicry.kernels.pictures import packed

__all__ = [
    "LIGHT_AFTER_S",
    "flash_offsets",
    "summarise_flashes",
    "write_flash_image",
    "write_flash_video",
]

MIN_CONTRAST = 6.0
SEARCH_S = (-0.05, 0.4)
RATE_HZ = 30
DARK_FRAMES, LIGHT_FRAMES = 12, 10
LIGHT_AFTER_S = DARK_FRAMES / RATE_HZ


def write_flash_video(path: Path) -> Path:
    """Write 0.4 s of black and 0.33 s of white."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for i in range(DARK_FRAMES + LIGHT_FRAMES):
            grey = np.full((240, 320, 3), 0 if i < DARK_FRAMES else 255, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(packed(grey), format="rgb24")))
        out.mux(stream.encode(None))
    return path


def write_flash_image(path: Path) -> Path:
    """Write a white image."""
    import cv2

    _, png = cv2.imencode(".png", packed(np.full((240, 320, 3), 255, np.uint8)))
    path.write_bytes(png.tobytes())
    return path


def flash_offsets(
    times_s: NDArray[np.float64], light: NDArray[np.float64], onsets_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return, for every flash, when the camera saw it minus when it was reported.

    Parameters
    ----------
    times_s, light : (T,)
        Capture times and mean brightness of the camera frames.
    onsets_s : (K,)
        Reported onsets on the same clock.

    Returns
    -------
    (K,) NDArray[np.float64]
        Midpoint between the last dark and the first lit frame, minus the onset, in s; NaN
        where no clear rise was seen. The midpoint is right on average over many flashes.
    """
    offsets = np.full(len(onsets_s), np.nan)
    for k, onset in enumerate(onsets_s):
        before = light[(times_s > onset - 0.25) & (times_s < onset + SEARCH_S[0])]
        near = np.flatnonzero((times_s >= onset + SEARCH_S[0]) & (times_s <= onset + SEARCH_S[1]))
        if len(before) < 2 or len(near) < 3 or near[0] == 0:
            continue
        dark, lit = float(np.median(before)), float(np.max(light[near]))
        if lit - dark < MIN_CONTRAST:
            continue
        above = near[light[near] > (dark + lit) / 2]
        first = int(above[0])
        offsets[k] = (times_s[first] + times_s[first - 1]) / 2 - onset
    return offsets


def summarise_flashes(offsets: NDArray[np.float64], *, minimum: int = 20) -> dict[str, Any]:
    """Return mean offset, its standard error, the SD of single flashes and how many counted.

    Flashes beyond 5 robust SD of the median are left out and counted.

    Raises
    ------
    RecordingError
        When fewer than `minimum` flashes were seen.
    """
    seen = offsets[np.isfinite(offsets)]
    if len(seen) >= minimum:
        middle = np.median(seen)
        width = 5 * max(1.4826 * float(np.median(np.abs(seen - middle))), 0.005)
        used = seen[np.abs(seen - middle) <= width]
    else:
        used = seen
    if len(used) < minimum:
        raise RecordingError(
            f"the camera saw {len(seen)} of {len(offsets)} flashes, expected at least {minimum}",
            hint="Point the camera at the screen (or hold a mirror before it) and dim the room.",
        )
    return {
        "offset_s": float(used.mean()),
        "standard_error_s": float(used.std(ddof=1) / np.sqrt(len(used))),
        "sd_s": float(used.std(ddof=1)),
        "flashes": len(offsets),
        "seen": len(seen),
        "used": len(used),
    }
