"""What does a frame cost, part by part? CPU time, all parts in turn on every frame.

Interleaving frame by frame makes the ratios hold on a busy machine, too, where whole runs
(``python -m benchmarks extraction``) would need an idle one. The parts of our extraction are
compared with the loop a user would write: OpenCV and MediaPipe's IMAGE mode. All parts run in
one process with one memory setting; ours gain about 4 % from their own, which is not seen here.

Run ``python -m benchmarks frame_cost``; ``--frames 100`` for a quick answer.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.extraction import start
from benchmarks.videos import default_clip, looped

PLAIN = ("decode (OpenCV)", "picture", "detect, public objects")
OURS = ("decode (PyAV)", "one frame of the landmark process", "parent: files and action units")


def main(arguments: list[str] | None = None) -> int:
    """Measure in a process behind the guard and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--here", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.here:
        measure(Path(chosen.here), chosen.frames)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        video = looped(default_clip(), Path(folder) / "clip.mp4", chosen.frames)
        words = ["-m", "benchmarks.frame_cost", "--here", str(video)]
        process = start([*words, "--frames", str(chosen.frames)], stdout=subprocess.PIPE)
        print(process.communicate()[0].decode())
        return process.returncode


def measure(path: Path, frames: int) -> None:
    """Take every part in turn on every frame; print medians."""
    import cv2

    from mimicry.capture.video import VideoReader
    from mimicry.landmarks.detector import FaceDetector
    from mimicry.landmarks.model_file import bundled_model
    from mimicry.landmarks.worker import _Block

    cv2.setNumThreads(1)
    capture, reader = cv2.VideoCapture(str(path)), iter(VideoReader(path))
    costs: dict[str, list[float]] = defaultdict(list)
    block = _Block(frames)

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        result = work()
        costs[name].append(1000 * (time.process_time() - began))
        return result

    with FaceDetector(bundled_model()) as detector:
        mp = detector._mp

        def decode() -> Any:
            return cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)

        def picture(rgb: Any) -> Any:
            return mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)

        for _ in range(frames):
            rgb = timed(PLAIN[0], decode)
            image = timed(PLAIN[1], lambda rgb=rgb: picture(rgb))
            timed(PLAIN[2], lambda image=image: detector._landmarker.detect(image))
            frame = timed(OURS[0], lambda: next(reader))
            timed(OURS[1], lambda frame=frame: block.add(frame, detector))
    costs[OURS[2]] = [parent_cost(block, frames)]
    plain = sum(float(np.median(costs[name])) for name in PLAIN)
    ours = sum(float(np.median(costs[name])) for name in OURS)
    print("| part | CPU ms/frame |\n|---|---|")
    for name in (*PLAIN, *OURS):
        print(f"| {name} | {np.median(costs[name]):.2f} |")
    print(f"| **plain IMAGE loop** | **{plain:.2f}** |")
    print(f"| **our extraction, whole** | **{ours:.2f}** (x{ours / plain:.2f}) |")


def parent_cost(block: Any, frames: int) -> float:
    """CPU milliseconds per frame of choosing faces, landmark file, action units, table.

    Measured on 8,192 frames (four row groups), as a long recording has them.
    """
    from mimicry.action_units import USED_LANDMARKS, measure_chunks
    from mimicry.interchange.au_table import write_au_table
    from mimicry.interchange.landmark_file import LandmarkFile, LandmarkWriter
    from mimicry.landmarks.choose import FaceChooser
    from mimicry.records import LandmarkTrack

    total, step = 8192, 64
    arrays = block.arrays(frames)
    noise = np.random.default_rng(0).normal(0, 0.1, (step, 2, 478, 3)).astype(np.float32)
    spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path, chooser = Path(folder) / "x_landmarks.parquet", FaceChooser()
        with LandmarkWriter(path, (640, 360)) as writer:
            for begin in range(0, total, step):
                rows = (np.arange(begin, begin + step) * 7) % frames
                part = {name: values[rows] for name, values in arrays.items()}
                part["points_px"] = part["points_px"] + noise
                began = time.process_time()
                times = np.arange(begin, begin + step) / 30
                chosen = chooser.choose(part["points_px"], times)
                each = np.arange(step)
                writer.add(
                    LandmarkTrack(
                        times_s=times,
                        image_size_px=(640, 360),
                        **{name: values[each, chosen] for name, values in part.items()},
                    )
                )
                spent += time.process_time() - began
            began = time.process_time()
            writer.finish({})
        track = measure_chunks(LandmarkFile(path).only(USED_LANDMARKS))
        write_au_table(folder, "x", track)
        spent += time.process_time() - began
    return 1000 * spent / total


if __name__ == "__main__":
    sys.exit(main())
