"""What a user names on the command line: videos, folders of videos, intervals."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from mimicry.capture.video import VIDEO_SUFFIXES
from mimicry.errors import InputError, RecordingError
from mimicry.files import output_stem
from mimicry.study.layout import LANDMARKS

__all__ = ["find_videos", "named_stems", "parse_intervals"]


def find_videos(named: Iterable[Path]) -> list[Path]:
    """Return the named files, and for a folder the videos in it (by file ending, sorted).

    Raises
    ------
    RecordingError
        When a folder holds no video.
    """
    found: list[Path] = []
    for path in named:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)
        if not inside:
            raise RecordingError(
                "is a folder without videos",
                path=path,
                hint=f"Expected files ending in {', '.join(sorted(VIDEO_SUFFIXES))}.",
            )
        found += inside
    return found


def named_stems(videos: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return each video with the start of its output names; equal ones get ``-2``, ``-3``, ..."""
    taken: set[str] = set()
    result = []
    for video in videos:
        name = video.name.removesuffix(LANDMARKS).removesuffix(video.suffix)
        stem = plain = output_stem(name)
        count = 1
        while stem in taken:
            count += 1
            stem = f"{plain}-{count}"
        taken.add(stem)
        result.append((video, stem))
    return result


def parse_intervals(texts: Sequence[str], *, key: str) -> list[tuple[float, float]] | None:
    """Turn ``["0:2", "10.5:12"]`` into pairs of seconds; nothing given: None.

    Raises
    ------
    InputError
        When a text is not two numbers, the second larger.
    """
    pairs = []
    for text in texts:
        try:
            start, end = (float(part) for part in text.split(":"))
        except ValueError:
            start = end = math.nan
        if not start < end or math.isinf(end):
            raise InputError(
                f"{text!r} is no interval, expected START:END in seconds with START < END",
                key=key,
                hint=f"For example {key} 0:2",
            )
        pairs.append((start, end))
    return pairs or None
