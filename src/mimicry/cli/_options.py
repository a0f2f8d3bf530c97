"""Options that mean the same in every command that has them."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import typer

if TYPE_CHECKING:
    from mimicry.records import ReadingOptions
    from mimicry.records.reading import TableFormat

__all__ = [
    "CLOCK",
    "DEBUG_FRAME",
    "FACE",
    "FPS",
    "INCOMPLETE",
    "MIN_CONFIDENCE",
    "ROI",
    "STIMULI",
    "VIDEO",
    "checked_format",
    "intervals",
    "reading_options",
    "whole_numbers",
]

FACE: Any = typer.Option(
    None,
    "--face",
    metavar="largest|left|right|ID",
    help="Which of several faces: by size, by place in the picture, or by its id in a table.",
)
ROI: Any = typer.Option(
    None, "--roi", metavar="X,Y,W,H", help="Look only at this part of the picture, in pixels."
)
MIN_CONFIDENCE: Any = typer.Option(
    None,
    "--min-confidence",
    help="Frames of another tool's table below this confidence are masked; default: 0.8.",
)
CLOCK: Any = typer.Option(
    "container",
    "--clock",
    metavar="container|start|unix",
    help="What onsets count from: the recording's own time stamps, its beginning, or 1970.",
)
STIMULI: Any = typer.Option(
    None,
    "--stimuli",
    metavar="MANIFEST",
    help="Stimulus manifest (default: the study's stimuli.json, then the protocol's, then the "
    "shipped one).",
)
DEBUG_FRAME: Any = typer.Option(
    False, "--debug-frame", help="Save the first picture as PNG, as the face detector gets it."
)
FPS: Any = typer.Option(None, "--fps", help="Frames per second of a table without times.")
INCOMPLETE: Any = typer.Option(
    False, "--incomplete", help="Go on although recordings or people are missing, and count them."
)
VIDEO: Any = typer.Option(
    None, "--video", help="The video a table without times was made from; its times are used."
)


def reading_options(
    *,
    face: str | None = None,
    roi: str | None = None,
    min_confidence: float | None = None,
    clock: str = "container",
    fps: float | None = None,
    video: Path | None = None,
) -> "ReadingOptions":
    """Return the record of these options.

    Raises
    ------
    InputError
        When one of them is impossible; the option is named.
    """
    from mimicry.errors import InputError
    from mimicry.records import ReadingOptions

    given: dict[str, Any] = {
        "face": face,
        "roi_px": None if roi is None else _box(roi),
        "min_confidence": min_confidence,
        "clock": clock,
        "fps": fps,
        "video": None if video is None else str(video.absolute()),
    }
    for name, value in given.items():
        try:
            ReadingOptions(**{name: value})
        except ValueError as error:
            key = "--" + name.removesuffix("_px").replace("_", "-")
            raise InputError(str(error), key=key) from error
    try:
        return ReadingOptions(**given)
    except ValueError as error:
        raise InputError(str(error), key="--fps") from error


def _box(text: str) -> tuple[int, ...]:
    from mimicry.errors import InputError

    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            f"{text!r} is no part of a picture, expected four whole numbers X,Y,W,H",
            key="--roi",
            hint="For example --roi 0,0,640,720 for the left half of 1280x720.",
        ) from error
    return x, y, width, height


def intervals(texts: Sequence[str], option: str = "--neutral") -> list[tuple[float, float]] | None:
    """Return ``["0:2", "10.5:12"]`` as pairs of seconds; nothing given: None.

    Raises
    ------
    InputError
        When a text is not two numbers, the second larger.
    """
    from mimicry.errors import InputError

    pairs = []
    for text in texts:
        try:
            start, end = (float(part) for part in text.split(":"))
        except ValueError:
            start = end = math.nan
        if not start < end or math.isinf(end):
            raise InputError(
                f"{text!r} is no interval, expected START:END in seconds with START < END",
                key=option,
                hint=f"For example {option} 0:2",
            )
        pairs.append((start, end))
    return pairs or None


def whole_numbers(text: str | None, option: str) -> list[int]:
    """Return the numbers of ``"20,40"``; None gives an empty list.

    Raises
    ------
    InputError
        When something else stands there, or a number below 2.
    """
    from mimicry.errors import InputError

    try:
        numbers = [int(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        numbers = [0]
    if any(n < 2 for n in numbers):
        message = f"found {text!r}, expected whole numbers from 2 up, as in 20,40"
        raise InputError(message, key=option)
    return numbers


def checked_format(name: str) -> "TableFormat":
    """Return the name of a table format, or refuse it."""
    from mimicry.errors import InputError
    from mimicry.records.reading import TableFormat

    if name in get_args(TableFormat):
        return cast("TableFormat", name)
    names = ", ".join(get_args(TableFormat))
    raise InputError(f"unknown format {name!r}, expected {names}", key="--format")
