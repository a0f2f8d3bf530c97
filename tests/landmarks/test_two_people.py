"""Two people in one picture: which one is measured is chosen, never left to chance."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mimicry.capture.video import VideoReader
from mimicry.errors import InputError
from mimicry.landmarks import LandmarkStream, WorkerPool
from mimicry.landmarks.extract import join_tracks
from mimicry.records import ReadingOptions

SAMPLE = Path(__file__).parents[2] / "sample_data/sub-01/beh/sub-01_task-sample_video.mp4"
SIDE = 240


def write(path: Path, pictures: list[np.ndarray]) -> Path:
    """Write pictures without loss."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = "bgr0", Fraction(1, 25)
        for k, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def people(tmp_path_factory) -> Path:
    """Six pictures of two people side by side; in two of them one has left."""
    import cv2

    with VideoReader(SAMPLE) as video:
        face = next(f.rgb for f in video)
    small = cv2.resize(face, (SIDE * face.shape[1] // face.shape[0], SIDE))
    pictures = []
    for k in range(6):
        left, right = np.roll(small, k, axis=1), np.roll(small[:, ::-1], 2 * k, axis=0)
        left, right = (
            np.full_like(p, 90) if k == gone else p for p, gone in ((left, 2), (right, 4))
        )
        pictures.append(np.concatenate([left, right], axis=1))
    return write(tmp_path_factory.mktemp("people") / "two.mkv", pictures)


@pytest.fixture(scope="module")
def look(people):
    with WorkerPool() as pool:

        def look(path=people, **reading):
            stream = LandmarkStream(path, reading=ReadingOptions(**reading), pool=pool)
            return join_tracks(list(stream), {}), stream

        yield look


def test_left_and_right_are_followed_and_missing_where_they_are_away(look):
    left, seen_left = look(face="left")
    right, _ = look(face="right")
    middle = left.image_size_px[0] / 2
    assert left.tracked.tolist() == [True, True, False, True, True, True]
    assert right.tracked.tolist() == [True, True, True, True, False, True]
    assert (left.points_px[left.tracked][:, :, 0] < middle).all()
    assert (right.points_px[right.tracked][:, :, 0] > middle).all()
    assert (seen_left.frames_with_several_faces, seen_left.frames_of_another_face) == (4, 1)
    for name in ("points_px", "blendshapes", "head_pose", "sharpness"):
        assert np.isnan(getattr(left, name)[2]).all(), name
    assert seen_left.provenance["face_choice"] == "the left one in the picture"


def test_unasked_one_person_is_followed_and_not_the_other_in_the_gaps(look):
    track, seen = look()
    sides = track.points_px[track.tracked][:, 0, 0] > track.image_size_px[0] / 2
    assert len(set(sides.tolist())) == 1
    assert seen.frames_of_another_face == 1


def test_a_part_of_the_picture_is_measured_as_if_it_were_the_picture(look, people, tmp_path):
    box = (SIDE * 4 // 3 - 7, 3, 311, 233)
    with VideoReader(people) as video:
        cut = [f.rgb[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] for f in video]
    judge, _ = look(write(tmp_path / "cut.mkv", cut))
    part, _ = look(roi_px=box)
    assert part.tracked.sum() == 5
    assert part.image_size_px != judge.image_size_px == (311, 233)
    moved = judge.points_px + np.array([*box[:2], 0], np.float32)
    assert np.array_equal(part.points_px, moved, equal_nan=True)
    for name in ("blendshapes", "head_pose", "luminance", "sharpness"):
        assert np.array_equal(getattr(part, name), getattr(judge, name), equal_nan=True), name


def test_what_a_video_does_not_have_is_refused(people):
    with pytest.raises(InputError, match=r"two\.mkv.*no ids.*'3'.*largest, left, right.*`face`"):
        LandmarkStream(people, reading=ReadingOptions(face="3"))
    stream = LandmarkStream(people, reading=ReadingOptions(roi_px=(600, 0, 41, 240)))
    with pytest.raises(InputError, match=r"600,0,41,240 reaches beyond.*640x240.*`roi_px`"):
        list(stream)
