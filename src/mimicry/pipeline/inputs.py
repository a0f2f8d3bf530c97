"""Videos that a user names, alone or by folder."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from mimicry.capture.video import VIDEO_SUFFIXES
from mimicry.errors import RecordingError
from mimicry.files import output_stem
from mimicry.study.layout import LANDMARKS

__all__ = ["find_videos", "named_stems", "stem_of"]


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
    named: dict[str, Path] = {}
    for video in videos:
        plain = stem_of(video)
        stems = itertools.chain([plain], (f"{plain}-{k}" for k in itertools.count(2)))
        named[next(stem for stem in stems if stem not in named)] = video
    return [(video, stem) for stem, video in named.items()]


def stem_of(recording: Path) -> str:
    """Return the start of the output names of a video, or of its landmarks."""
    return output_stem(recording.name.removesuffix(LANDMARKS).removesuffix(recording.suffix))
