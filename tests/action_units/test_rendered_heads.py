"""Rendered heads whose movement is known: the whole way from pictures to action units."""

from fractions import Fraction

import numpy as np
import pytest

from mimicry.action_units import measure
from mimicry.landmarks import extract_landmarks

pytestmark = pytest.mark.slow
DOSES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


@pytest.fixture(scope="module")
def readings(tmp_path_factory):
    """Name of what is shown -> action units read, for a head unlike those of the fit."""
    import av

    from mimicry.synthetic import identities, performance, render_frames

    shown = [{} for _ in range(8)] + [{"AU12": d} for d in DOSES]
    shown += [{"AU26": 1.0}, {"AU12": 1.0, "AU26": 1.0}, {"AU12_L": 1.0}, {"AU43": 1.0}]
    shown += [{"AU04": 1.0}, {"AU01": 1.0}]
    names = sorted({n for each in shown for n in each})
    times = np.arange(len(shown)) / 10
    units = {n: [each.get(n, 0.0) for each in shown] for n in names}
    person = identities(2024, 1)[0]
    path = tmp_path_factory.mktemp("heads") / "head.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "bgr0"
        stream.time_base = Fraction(1, 10)
        for k, picture in enumerate(render_frames(person, performance(times, units))):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = k
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    track = measure(extract_landmarks(path), neutral=[(0.0, 0.75)])
    return [(each, {n: track.of(n)[k] for n in track.names}) for k, each in enumerate(shown)]


def read(readings, shown):
    return next(found for each, found in readings if each == shown)


def test_a_smile_is_read_in_proportion_down_to_a_twentieth(readings):
    values = [read(readings, {"AU12": d})["AU12"] for d in DOSES]
    assert np.corrcoef(DOSES, values)[0, 1] ** 2 > 0.98
    # no noise in these pictures: what is left is the unevenness of the landmark model
    assert np.all(np.abs(np.array(values) / values[-1] - DOSES) < 0.07)


def test_a_dropped_jaw_is_no_negative_smile(readings):
    assert read(readings, {"AU26": 1.0})["AU12"] > -0.15
    both = read(readings, {"AU12": 1.0, "AU26": 1.0})
    assert both["AU12"] > 0.75 * read(readings, {"AU12": 1.0})["AU12"]
    assert both["AU26"] > 0.4


def test_one_side_is_read_on_its_side(readings):
    found = read(readings, {"AU12_L": 1.0})
    assert found["AU12_L"] > 0.7
    assert abs(found["AU12_R"]) < 0.2


def test_closed_lids_are_no_brows_and_no_wide_eyes(readings):
    found = read(readings, {"AU43": 1.0})
    assert found["AU43"] + found["AU45"] > 0.6
    assert abs(found["AU04"]) < 0.3
    assert found["AU05"] >= -0.25
    assert abs(found["AU12"]) < 0.1


def test_a_frown_is_no_lowered_raise_and_a_raise_no_negative_frown(readings):
    frown, raised = read(readings, {"AU04": 1.0}), read(readings, {"AU01": 1.0})
    assert frown["AU04"] > 0.7
    assert frown["AU01"] > -0.55  # without the step after the matrix: -0.9 and -1.7
    assert frown["AU02"] > -0.75
    assert raised["AU04"] > -0.4
    assert abs(frown["AU12"]) < 0.1
