"""The first picture of a video, as the detector gets it."""

from pathlib import Path

from mimicry.capture.video import Box, VideoReader
from mimicry.files import atomic_path
from mimicry.kernels.pictures import packed

__all__ = ["save_first_frame"]


def save_first_frame(video: Path, png: Path, *, roi_px: Box | None = None) -> Path:
    """Write the first picture of a video, upright and cut to `roi_px`, as PNG.

    Raises
    ------
    RecordingError
        When no frame can be decoded.
    InputError
        When `roi_px` reaches beyond the picture.
    """
    import cv2

    with VideoReader(video, roi_px=roi_px) as reader:
        rgb = next(frame.rgb for frame in reader if frame.rgb is not None)
    _, coded = cv2.imencode(".png", packed(rgb[..., ::-1]))
    with atomic_path(png) as temporary:
        temporary.write_bytes(coded.tobytes())
    return png
