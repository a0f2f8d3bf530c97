"""The flashes of the calibration: a short video that turns from black to white, and an image."""

from pathlib import Path

import numpy as np

from mimicry.kernels.pictures import packed

__all__ = ["LIGHT_AFTER_S", "write_flash_image", "write_flash_video"]

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
