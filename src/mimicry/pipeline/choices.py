"""The choices of a reading, checked against the kind of the recording."""

from pathlib import Path
from typing import Any

from mimicry.errors import InputError
from mimicry.files import make_folder
from mimicry.interchange.sources import identify
from mimicry.records import ReadingOptions
from mimicry.study.layout import FIRST_FRAME

__all__ = ["check_landmarks_choices", "check_video_choices", "save_debug_frame"]


def check_landmarks_choices(
    recording: Path, provenance: dict[str, Any], reading: ReadingOptions
) -> None:
    """Refuse a choice that the landmarks of a file were not made with."""
    made_with = provenance.get("reading", {})
    for name, value in reading.picture().items():
        if value != made_with.get(name):
            raise InputError(
                "the face was chosen when these landmarks were made",
                path=recording,
                key=f"`{name}`",
                hint="Extract the video again to choose another.",
            )


def check_video_choices(recording: Path, reading: ReadingOptions) -> None:
    """Refuse what only a table needs."""
    chosen = reading.to_json()
    for name in ("fps", "video", "min_confidence"):
        if name in chosen:
            raise InputError(
                "is a video: it has frame times of its own and no confidence values",
                path=recording,
                key=f"`{name}`",
                hint="Leave the option out; it is for tables of other tools.",
            )


def save_debug_frame(recording: Path, folder: Path, prefix: str, reading: ReadingOptions) -> Path:
    """Write ``<prefix>_first_frame.png``: the first picture as the detector gets it.

    Raises
    ------
    InputError
        When the recording is no video.
    """
    from mimicry.capture.first_frame import save_first_frame

    if identify(recording).kind != "video":
        raise InputError(
            "holds no picture to save",
            path=recording,
            key="`debug_frame`",
            hint="Name the video that it was made from.",
        )
    png = make_folder(folder) / f"{prefix}{FIRST_FRAME}"
    return save_first_frame(recording, png, roi_px=reading.roi_px)
