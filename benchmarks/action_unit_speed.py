"""Cost of landmarks -> action units: the whole track at once against a frame at a time.

    python -m benchmarks.action_unit_speed

Prints frames per second of processor time on one core, and the ratio of both, which does not
depend on the machine. The loop does the same work per frame with the same functions.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
from collections.abc import Callable

import numpy as np

from benchmarks.action_units import as_track
from mimicry.action_units import measure
from mimicry.action_units.shape import concatenate, face_shape, personal_template

FRAMES, LOOP = 27_000, 1_000  # 15 minutes at 30 Hz


def cpu(work: Callable[[], object], repeats: int = 3) -> float:
    """Best processor time of a few runs, s."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Time both."""
    rng = np.random.default_rng(0)
    face = _face()
    points = np.repeat(face[None], FRAMES, axis=0)
    points += rng.normal(0, 0.3, (FRAMES, 1, 3)) + rng.normal(0, 0.1, points.shape)
    track = as_track(points.astype(np.float32), np.zeros((FRAMES, 52), np.float32), 30.0)
    whole = cpu(lambda: measure(track))
    template = personal_template(track.points_px)
    shapes = cpu(lambda: face_shape(track.points_px, template=template))
    few = track.points_px[:LOOP]
    loop = cpu(
        lambda: concatenate([face_shape(frame[None], template=template) for frame in few]), 1
    )
    print(f"whole track, all steps       {FRAMES / whole:9.0f} frames/s")
    print(f"geometry, all frames at once {FRAMES / shapes:9.0f} frames/s")
    print(f"geometry, a frame at a time  {LOOP / loop:9.0f} frames/s")
    print(f"ratio of the last two        {(loop / LOOP) / (shapes / FRAMES):9.1f}")


def _face() -> np.ndarray:
    """The canonical face, 12 px a centimetre, with room for the irises."""
    from importlib.resources import files

    path = files("mimicry.action_units") / "data" / "canonical_face.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        points = data["points"].astype(float)
    points = np.vstack([points, points[[159] * 5], points[[386] * 5]])
    return points * [12, -12, -12] + 320


if __name__ == "__main__":
    main()
