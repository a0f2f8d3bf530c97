"""Action units of a recording that is read in chunks, in memory that hardly grows with it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.action_units.measure import units_of_shape
from mimicry.action_units.measures import LANDMARKS
from mimicry.action_units.shape import (
    GAZE_LANDMARKS,
    STABLE_POINTS,
    concatenate,
    face_shape,
    personal_template,
)
from mimicry.records import ActionUnitTrack, LandmarkTrack

__all__ = ["USED_LANDMARKS", "measure_chunks"]

USED_LANDMARKS: tuple[int, ...] = tuple(sorted({*STABLE_POINTS, *LANDMARKS, *GAZE_LANDMARKS}))
"""The landmarks that action units are measured from."""

_BLOCK = 1024  # frames a step, wherever the chunks are cut: the cuts then change no bit
_TEMPLATE_FRAMES = 400
_MESH = 478


def measure_chunks(
    chunks: Iterable[LandmarkTrack],
    *,
    neutral: Sequence[tuple[float, float]] | None = None,
    exclude_from_pose_fit: Sequence[tuple[float, float]] = (),
) -> ActionUnitTrack:
    """Measure as :func:`~mimicry.action_units.measure` does, chunk by chunk.

    Parameters
    ----------
    chunks
        The chunks of one recording in order; they are gone through twice (a list, an open
        landmark file).
    neutral, exclude_from_pose_fit
        As in :func:`~mimicry.action_units.measure`.

    Returns
    -------
    ActionUnitTrack
        Bit-identical to measuring the joined track.

    Raises
    ------
    NoFaceError
        When a neutral interval was declared and no face was seen in it.
    ValueError
        When there is no chunk, or an interval does not end after it starts.
    """
    thin, stable = _first_pass(chunks)
    template = personal_template(_template_points(stable, thin.tracked))
    shape = concatenate([face_shape(points, template=template) for points in _blocks(chunks)])
    return units_of_shape(thin, shape, neutral, exclude_from_pose_fit)


_THIN = ("times_s", "blendshapes", "head_pose", "luminance", "sharpness")


def _first_pass(chunks: Iterable[LandmarkTrack]) -> tuple[LandmarkTrack, NDArray[np.float32]]:
    """Return all but the landmarks (one stays: is there a face?), and the stable points."""
    kept: dict[str, list[NDArray[Any]]] = {name: [] for name in (*_THIN, "points_px")}
    stable: list[NDArray[np.float32]] = []
    last: LandmarkTrack | None = None
    for last in chunks:
        for name in _THIN:
            kept[name].append(getattr(last, name))
        kept["points_px"].append(last.points_px[:, :1])
        stable.append(last.points_px[:, STABLE_POINTS])
    if last is None:
        raise ValueError("a recording needs at least one chunk")
    fields: dict[str, Any] = {name: np.concatenate(arrays) for name, arrays in kept.items()}
    thin = LandmarkTrack(**fields, image_size_px=last.image_size_px, provenance=last.provenance)
    return thin, np.concatenate(stable)


def _template_points(
    stable: NDArray[np.float32], tracked: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return landmarks of the frames that make the template, at the stable points only."""
    seen = np.flatnonzero(tracked)
    few = min(_TEMPLATE_FRAMES, seen.size)
    chosen = seen[np.linspace(0, seen.size - 1, few).astype(int)] if few else seen
    points = np.full((len(chosen), _MESH, 3), np.nan, np.float32)
    points[:, 0] = 0  # where landmark 0 is finite there is a face
    points[:, STABLE_POINTS] = stable[chosen]
    return points


def _blocks(chunks: Iterable[LandmarkTrack]) -> Iterator[NDArray[np.float32]]:
    """Yield landmarks in blocks of the same frames, however the chunks are cut."""
    waiting: list[NDArray[np.float32]] = []
    for chunk in chunks:
        waiting.append(chunk.points_px)
        if sum(map(len, waiting)) < _BLOCK:
            continue
        joined = np.concatenate(waiting)
        whole = len(joined) // _BLOCK * _BLOCK
        yield from np.split(joined[:whole], range(_BLOCK, whole, _BLOCK))
        waiting = [joined[whole:]]
    remaining = np.concatenate(waiting)
    if len(remaining):
        yield remaining
