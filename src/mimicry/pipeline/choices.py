"""How a recording is read: what the choices mean for its kind, and which it cannot honour."""

from pathlib import Path
from typing import Any

from mimicry.errors import InputError
from mimicry.files import make_folder
from mimicry.interchange.sources import identify
from mimicry.records import ReadingOptions
from mimicry.study.layout import FIRST_FRAME

__all__ = ["check_landmarks_choices", "check_video_choices", "picture_choices", "save_debug_frame"]


def picture_choices(reading: ReadingOptions | None) -> dict[str, Any]:
    """Return the choices that decide landmarks, without those that are made anyway."""
    chosen = {} if reading is None else reading.to_json()
    picture = {name: chosen[name] for name in ("face", "roi_px") if name in chosen}
    if "roi_px" in picture:
        picture["roi_px"] = list(picture["roi_px"])
    return {name: value for name, value in picture.items() if value != "largest"}


def check_landmarks_choices(
    recording: Path, provenance: dict[str, Any], reading: ReadingOptions | None
) -> None:
    """Refuse a choice that the landmarks of a file were not made with."""
    wanted, found = picture_choices(reading), provenance.get("reading", {})
    for name, value in wanted.items():
        if value != found.get(name):
            raise InputError(
                "the face was chosen when these landmarks were made",
                path=recording,
                key="--roi" if name == "roi_px" else "--face",
                hint="Extract the video again to choose another.",
            )


def check_video_choices(recording: Path, reading: ReadingOptions | None) -> None:
    """Refuse what only a table needs."""
    chosen = {} if reading is None else reading.to_json()
    for name in ("fps", "video", "min_confidence"):
        if name in chosen:
            raise InputError(
                "is a video: it has frame times of its own and no confidence values",
                path=recording,
                key=f"--{name.replace('_', '-')}",
                hint="Leave the option out; it is for tables of other tools.",
            )


def save_debug_frame(
    recording: Path, folder: Path, prefix: str, reading: ReadingOptions | None
) -> Path:
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
            key="--debug-frame",
            hint="Name the video that it was made from.",
        )
    png = make_folder(folder) / f"{prefix}{FIRST_FRAME}"
    return save_first_frame(recording, png, roi_px=None if reading is None else reading.roi_px)
