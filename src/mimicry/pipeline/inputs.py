"""Videos that a user names, alone or by folder."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mimicry.capture.video import VIDEO_SUFFIXES
from mimicry.errors import RecordingError
from mimicry.files import output_stem
from mimicry.study.layout import LANDMARKS

__all__ = ["find_videos", "named_stems"]


def find_videos(named: Iterable[Path]) -> list[Path]:
    """Return the named files, and for a folder the videos in it (by file ending, sorted).

    Raises
    ------
    RecordingError
        When a folder holds no video.
    """
    videos: list[Path] = []
    for path in named:
        if not path.is_dir():
            videos.append(path)
            continue
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)
        if not inside:
            raise RecordingError(
                "is a folder without videos",
                path=path,
                hint=f"Expected files ending in {', '.join(sorted(VIDEO_SUFFIXES))}.",
            )
        videos += inside
    return videos


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
