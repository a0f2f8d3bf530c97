"""The videos behind benchmarks.accuracy, with their truth, and their cached landmarks."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mimicry.landmarks import extract_landmarks
from mimicry.landmarks.guard import GUARD
from mimicry.records import LandmarkTrack
from mimicry.synthetic import (
    Faults,
    Identity,
    View,
    blinks,
    drop_frames,
    envelope,
    performance,
    render_video,
    sway,
    times_at,
    write_frames,
)
from mimicry.synthetic.facs import basis

CACHE = Path(__file__).resolve().parent / ".cache" / "accuracy"
F = NDArray[np.float64]
FPS = 30.0
REST = 15  # frames
DOSE_UNITS = ("AU12", "AU01", "AU02", "AU04", "AU15")
DOSES = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
LOOKS = 3  # frames at each dose, so that people differ by more than the noise of a frame
SIZES = (0.05, 0.1, 0.2, 0.5)
AU04_SIZE = 0.5
SHAPES = ("minimum jerk", "linear", "early")  # the analysis assumes the first
WEBCAM = Faults(noise=1.0)
POSES = [(0.0, 0.0, 0.0)] + [
    tuple(size * (axis == k) for k in range(3))
    for axis in range(3)
    for size in (-20.0, -10.0, 10.0, 20.0)
]


@dataclass(frozen=True)
class Trial:
    """One rise in the main video."""

    unit: str
    size: float
    shape: str
    start_s: float
    onset_s: float
    end_s: float


@dataclass(frozen=True)
class Video:
    """A rendered file and what is known about it."""

    path: Path
    truth: pd.DataFrame
    doses: tuple[tuple[str, float], ...] = ()
    first_dose: int = 0
    doses_from_s: float = 0.0
    trials: tuple[Trial, ...] = ()
    responses: tuple[tuple[float, float], ...] = ()


def _rise(kind: str, t: F) -> F:
    """Shapes of a rise over 0..1."""
    x = np.clip(t, 0, 1)
    if kind == "linear":
        return x
    if kind == "early":
        return (1 - np.exp(-4 * x)) / (1 - np.exp(-4))
    return envelope(t, 0.0, 1.0)


def _render(identity: Identity, stem: str, play: object, **options: object) -> Video:
    options = {"crf": 14} | options
    CACHE.mkdir(parents=True, exist_ok=True)
    worn = "_glasses" if identity.glasses else ""
    path = CACHE / f"{identity.name}_{identity.detail_seed}{worn}_{stem}.mp4"
    table = path.with_name(f"{path.stem}_truth.tsv")
    if not table.exists():
        render_video(path, identity, play, overwrite=True, **options)
    return Video(path, pd.read_csv(table, sep="\t"))


def main_video(identity: Identity, rig: str = "faceunits01") -> Video:
    """Rest, a few frames at each of several doses, then rises of several sizes and shapes."""
    able = {name[:4] for name in basis(rig)}
    doses = tuple((u, d) for u in DOSE_UNITS if u in able for d in DOSES for _ in range(LOOKS))
    rng = np.random.default_rng(identity.detail_seed)
    sizes = SIZES if rig == "faceunits01" else (0.2, 0.5)
    plan = [("AU12", size, SHAPES[0]) for size in sizes] + [("AU04", AU04_SIZE, SHAPES[0])]
    plan += [("AU12", 0.3, shape) for shape in SHAPES[1:]]
    length = 36
    n = REST + len(doses) + length * len(plan)
    t = np.arange(n) / FPS
    table = {u: np.zeros(n) for u in DOSE_UNITS if u in able}
    for k, (unit, size) in enumerate(doses):
        table[unit][REST + k] = size
    trials = []
    for k, (unit, size, shape) in enumerate(plan):
        first = REST + len(doses) + k * length
        onset = t[first] + 0.4 + rng.uniform(0, 1 / FPS)
        span = slice(first, first + length)
        table[unit][span] = size * _rise(shape, (t[span] - onset) / 0.5)
        # cut between frames: times in the file are rounded to its ticks
        start, end = t[first] - 0.5 / FPS, t[first] + (length - 0.5) / FPS
        trials.append(Trial(unit, size, shape, start, onset, end))
    video = _render(identity, f"main_{rig}", performance(t, table), rig=rig, faults=WEBCAM)
    return Video(video.path, video.truth, doses, REST, REST / FPS, tuple(trials))


def pose_video(identity: Identity) -> Video:
    """Rest in thirteen head poses."""
    pose = np.repeat(np.array(POSES), 3, axis=0)
    return _render(
        identity, "poses", performance(np.arange(len(pose)) / FPS, pose_deg=pose), faults=WEBCAM
    )


def _smiles(t: F) -> tuple[F, tuple[tuple[float, float], ...]]:
    """Smiles of several sizes, three seconds apart."""
    out, spans = np.zeros_like(t), []
    for k, size in enumerate((0.5, 0.25, 0.8)):
        on = 1.0 + 2.8 * k
        out += size * envelope(t, on, on + 0.6, on + 1.3, on + 2.0)
        spans.append((on - 0.2, on + 2.2))
    return out, tuple(spans)


def sway_video(identity: Identity) -> Video:
    """Smiles of a head that sways by up to 10 degrees and blinks."""
    t = times_at(FPS, 9.5)
    rng = np.random.default_rng([identity.detail_seed, 7])
    pose, shift = sway(t, rng, degrees=10.0)
    settle = np.clip((t - 0.3) / 0.7, 0, 1)[:, None]
    smile, spans = _smiles(t)
    play = performance(
        t, {"AU12": smile, "AU45": blinks(t, rng)}, pose_deg=pose * settle, shift_mm=shift * settle
    )
    video = _render(identity, "sway", play, faults=WEBCAM)
    return Video(video.path, video.truth, responses=spans)


def degraded_video(identity: Identity, codec: str = "libvpx-vp9", crf: int = 35) -> Video:
    """Smiles in a small, dark, noisy, strongly compressed video with dropped frames.

    The rate factor counts in the codec's own terms: 35 is usual for VP9, and starves H.264
    (about 8 kbit/s here), which freezes what moves little; its like there is 28.
    """
    t = times_at(FPS, 9.5)
    smile, spans = _smiles(t)
    play = drop_frames(
        performance(t, {"AU12": smile}), 0.1, np.random.default_rng(identity.detail_seed)
    )
    video = _render(
        identity,
        {"libx264": "degraded"}.get(codec, "degraded_vp9") + ("" if crf == 35 else f"_{crf}"),
        play,
        view=View(size_px=(320, 240), light_level=0.4),
        faults=Faults(noise=15.0),
        crf=crf,
        codec=codec,
    )
    return Video(video.path, video.truth, responses=spans)


def no_face_video() -> Video:
    """Noise without a face."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / "no_face.mp4"
    rng = np.random.default_rng(0)
    pictures = (rng.integers(90, 130, (240, 320, 3), dtype=np.uint8) for _ in range(20))
    if not path.exists():
        write_frames(path, pictures, times_at(FPS, 20 / FPS))
    return Video(path, pd.DataFrame())


def _cached(path: Path, make: object) -> LandmarkTrack:
    fields = ("times_s", "points_px", "blendshapes", "head_pose", "luminance", "sharpness")
    if not path.exists():
        track: LandmarkTrack = make()
        np.savez(path, image_size_px=track.image_size_px, **{k: getattr(track, k) for k in fields})
    with np.load(path) as raw:
        width, height = (int(v) for v in raw["image_size_px"])
        return LandmarkTrack(**{k: raw[k] for k in fields}, image_size_px=(width, height))


def tracked(video: Video) -> LandmarkTrack:
    """Landmarks of a video as the package finds them."""
    return _cached(video.path.with_suffix(".npz"), lambda: extract_landmarks(video.path))


def video_mode(video: Video) -> LandmarkTrack:
    """Landmarks of MediaPipe's VIDEO mode with one face, which smooths them silently.

    The filter is given half a second of rest before every trial, so that no trial inherits
    what came before it. Frames outside the trials are those of IMAGE mode.
    """
    return _cached(video.path.with_suffix(".video.npz"), lambda: _by_video_mode(video))


def _by_video_mode(video: Video) -> LandmarkTrack:
    os.environ.update(GUARD)
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    from mimicry.capture.video import VideoReader
    from mimicry.landmarks.model_file import checked_model

    usual = tracked(video)
    points = np.array(usual.points_px)
    with VideoReader(video.path) as reader:
        pictures = [np.ascontiguousarray(frame.rgb) for frame in reader]
    height, width = pictures[0].shape[:2]
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(checked_model(None))),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
    )
    clock = 0
    with vision.FaceLandmarker.create_from_options(options) as finder:
        for trial in (t for t in video.trials if t.unit == "AU12" and t.shape == SHAPES[0]):
            inside = (usual.times_s >= trial.start_s) & (usual.times_s < trial.end_s)
            for k in [*range(REST), *np.flatnonzero(inside)]:
                clock += 33
                image = mp.Image(mp.ImageFormat.SRGB, pictures[k])
                faces = finder.detect_for_video(image, clock).face_landmarks
                if k >= REST:
                    points[k] = [(p.x * width, p.y * height, p.z * width) for p in faces[0]]
    return replace(usual, points_px=points)
