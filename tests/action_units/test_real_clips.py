"""Real people: at rest, smiling, blinking, too small; and a face warped towards its own smile."""

from fractions import Fraction

import numpy as np
import pytest

from mimicry.action_units import find_blinks, measure
from mimicry.capture.video import VideoReader
from mimicry.landmarks import extract_landmarks

# SD over seconds, drift included, in share of a full expression: the upper end of what was seen
# on seven people at rest. AU26 counts jaw drops of a third of a full opening, and this person's
# chin settles in the first half second: a little above the .12 that the others would give.
FLOOR = {
    "AU12": 0.059, "AU25": 0.016, "AU26": 0.13, "AU06": 0.067, "AU43": 0.056,
    "AU10": 0.050, "AU09": 0.099, "AU01": 0.12, "AU04": 0.16,
}  # fmt: skip
FAST_AU12 = 0.034


def test_a_face_at_rest_stays_within_the_noise_floor(clips):
    units = measure(extract_landmarks(clips / "ow_baseline.mp4"))
    found = {name: float(np.nanstd(units.of(name))) for name in FLOOR}
    assert {n: round(v, 3) for n, v in found.items() if v > FLOOR[n]} == {}
    fast = np.diff(units.of("AU12")).std() / np.sqrt(2)
    assert fast < FAST_AU12
    assert units.quality["plausible"].all()
    assert units.provenance["action_units"]["blinks"]["count"] == 0


def test_a_smile_is_found_with_its_blink_and_without_a_frown(smiler):
    units = measure(smiler)
    rest, smile = units.times_s < 0.45, (units.times_s > 1.2) & (units.times_s < 2.0)
    assert abs(units.of("AU12")[rest]).max() < 0.1
    assert 0.8 < np.median(units.of("AU12")[smile]) < 1.8
    assert np.median(units.of("AU06")[smile]) > 0.5
    assert np.median(units.of("AU25")[smile]) > 1.0
    assert np.median(units.of("AU15")[smile]) < 0.1
    assert abs(np.median(units.of("AU26")[smile])) < 0.3
    blinks = find_blinks(units.times_s, units.of("AU45"))
    assert len(blinks) == 1
    assert 0.8 < blinks.onset_s[0] < 0.95
    assert not units.quality["speech"].any()


def test_a_small_face_says_that_it_cannot_be_trusted(clips):
    units = measure(extract_landmarks(clips / "intel_yes.mkv"))
    assert np.nanmedian(units.quality["scale_px"]) < 60
    assert not (units.quality["plausible"] == 1).any()


@pytest.mark.slow
def test_frames_without_a_face_have_no_values(clips):
    units = measure(extract_landmarks(clips / "face_noface.mov"))
    seen = units.quality["success"] == 1
    assert 0 < seen.sum() < len(units)
    assert np.isnan(units.intensity[~seen]).all()


def warped(picture, points, target):
    """The picture with `points` moved to `target`, linear in between (a landmark-driven warp)."""
    import cv2
    from scipy.interpolate import LinearNDInterpolator

    height, width = picture.shape[:2]
    frame = [(x, y) for x in (0, width / 2, width - 1) for y in (0, height / 2, height - 1)]
    frame.remove((width / 2, height / 2))
    to = np.vstack([target, frame])
    back = np.vstack([points - target, np.zeros((8, 2))])
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    move = LinearNDInterpolator(to, back, fill_value=0.0)(x, y)
    source = (np.dstack([x, y]) + move).astype(np.float32)
    return cv2.remap(picture, source[..., 0], source[..., 1], cv2.INTER_CUBIC)


def similarity(points, target):
    """`points` (N, 2) laid over `target` by shift, turn and size."""
    a, b = (p @ [1, 1j] for p in (points, target))
    turn = np.vdot(a - a.mean(), b - b.mean()) / np.vdot(a - a.mean(), a - a.mean())
    moved = (a - a.mean()) * turn + b.mean()
    return np.column_stack([moved.real, moved.imag]), (turn, a.mean(), b.mean())


def write_lossless(path, pictures):
    import av

    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=10)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "bgr0"
        stream.time_base = Fraction(1, 10)
        for k, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = k
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


@pytest.mark.slow
def test_a_tenth_of_the_own_smile_reads_as_a_tenth(clips, smiler, tmp_path):
    """Rest frames of a real face, warped a tenth of the way to its strongest smile."""
    units = measure(smiler)
    strongest = int(np.nanargmax(units.of("AU12")))
    full = units.of("AU12")[strongest]
    resting = [2, 5, 8, 11]
    stable = [10, 151, 168, 6, 197, 195, 33, 133, 362, 263, 127, 356]
    with VideoReader(clips / "single_face.mp4") as reader:
        pictures = {f.index: f.rgb.copy() for f in reader if f.index in resting}
    films = []
    for share in (0.0, 0.1):
        for k in resting:
            rest = smiler.points_px[k, :, :2].astype(float)
            smile = smiler.points_px[strongest, :, :2].astype(float)
            _, (turn, from_, to) = similarity(smile[stable], rest[stable])
            laid = (smile @ [1, 1j] - from_) * turn + to
            laid = np.column_stack([laid.real, laid.imag])
            films.append(warped(pictures[k], rest, rest + share * (laid - rest)))
    write_lossless(tmp_path / "warped.mkv", films)
    track = extract_landmarks(tmp_path / "warped.mkv")
    found = measure(track, neutral=[(0.0, 0.35)])
    tenth = np.median(found.of("AU12")[4:] - found.of("AU12")[:4])
    assert 0.05 < tenth / full < 0.15
