"""Faces are found at every size of a picture, the same ones as in a packed copy of it.

The judge runs behind the guard on pictures that never were in a decoder's memory.
"""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mimicry.capture.video import VideoReader
from mimicry.landmarks import LandmarkStream, WorkerPool
from mimicry.landmarks.extract import join_tracks
from mimicry.landmarks.guard import guarded_environment

SAMPLE = Path(__file__).parents[2] / "sample_data/sub-01/beh/sub-01_task-sample_video.mp4"

JUDGE = """
import sys
from pathlib import Path
import numpy as np
from mimicry.landmarks.detector import FaceDetector
from mimicry.landmarks.model_file import checked_model
found = {}
with FaceDetector(checked_model(), raw=False) as detector:
    for path in sorted(Path(sys.argv[1]).glob("*.npy")):
        pictures = np.load(path)
        assert pictures.flags.c_contiguous
        for k, picture in enumerate(pictures):
            faces = detector.detect(picture)
            height, width = picture.shape[:2]
            found[f"{path.stem}-{k}"] = faces.points * np.float32([width, height, width])
            if path.stem == "gaps":  # the very detector, given pictures with gaps
                wide = np.zeros((height, width + 13, 3), np.uint8)
                wide[:, :-13] = picture
                again = detector.detect(wide[:, :-13])
                assert again.equals(faces), "a picture with gaps"
                assert detector.detect(picture[:, ::-1][:, ::-1]).equals(faces)
np.savez(sys.argv[2], **found)
"""


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Three pictures of the sample's face."""
    with VideoReader(SAMPLE) as video:
        return [f.rgb for f in video.frames(block=1) if f.index in (0, 40, 80)][:3]


def scaled(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import cv2

    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def write(path: Path, pictures: list[np.ndarray]) -> Path:
    """Write pictures without loss."""
    import av

    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        stream.codec_context.time_base = Fraction(1, 25)
        for k, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def judged(folder: Path) -> dict[str, np.ndarray]:
    """Landmarks in px of every picture stored in a folder, straight from the library."""
    command = [sys.executable, "-c", JUDGE, str(folder), str(folder / "judge.npz")]
    subprocess.run(command, env=guarded_environment(), check=True)
    with np.load(folder / "judge.npz") as found:
        return dict(found)


def compare(folder: Path, sizes: list[tuple[int, int]], pictures: list[np.ndarray]) -> int:
    """Extract every size and compare with the judge; return how many faces there were."""
    for k, size in enumerate(sizes):
        small = [scaled(p, size) for p in pictures]
        np.save(folder / f"{k:02d}.npy", np.stack(small))
        write(folder / f"{k:02d}.mkv", small)
    judge, faces = judged(folder), 0
    with WorkerPool() as pool:
        for k, size in enumerate(sizes):
            track = join_tracks(list(LandmarkStream(folder / f"{k:02d}.mkv", pool=pool)), {})
            assert track.image_size_px == size
            for row, points in enumerate(track.points_px):
                right = judge[f"{k:02d}-{row}"]
                assert np.isfinite(points).all() == bool(len(right)), (size, row)
                if len(right):
                    assert np.array_equal(points, right[0]), (size, row)
                    faces += 1
    return faces


def test_padded_widths_give_the_faces_of_a_packed_copy(tmp_path, pictures):
    sizes = [(500, 375), (642, 481), (854, 480), (1080, 1351), (333, 251)]
    np.save(tmp_path / "gaps.npy", pictures[:1])
    assert compare(tmp_path, sizes, pictures[:2]) == 2 * len(sizes)


@pytest.mark.slow
def test_sixty_sizes_give_the_faces_of_a_packed_copy(tmp_path, pictures):
    height, width = pictures[0].shape[:2]
    rng = np.random.default_rng(60)
    widths = np.round(np.exp(rng.uniform(np.log(160), np.log(1920), 60))).astype(int)
    sizes = [(int(w), round(int(w) * height / width)) for w in widths]
    found = compare(tmp_path, sizes, pictures)
    assert found > 0.95 * len(pictures) * len(sizes)
