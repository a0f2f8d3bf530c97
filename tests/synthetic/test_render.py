"""Rendered videos: exact times, known movements, same input same bytes."""

from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from mimicry.errors import InputError, OutputExistsError
from mimicry.files import read_json
from mimicry.synthetic import (
    Identity,
    View,
    envelope,
    identities,
    performance,
    raster,
    render_frames,
    render_video,
    times_at,
)

SMALL = View(size_px=(160, 120))
PERSON = identities(3, 1)[0]


def _decoded_times(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.array([float(f.pts * f.time_base) for f in container.decode(video=0)])


def test_irregular_times_reach_the_file_exactly(tmp_path: Path) -> None:
    times = np.cumsum([0.0, 0.033, 0.047, 0.1, 0.02, 0.0333])
    made = render_video(tmp_path / "v.mp4", PERSON, performance(times), view=SMALL)
    truth = pd.read_csv(made.truth_table, sep="\t")
    np.testing.assert_array_equal(_decoded_times(made.video), truth["timestamp"])
    np.testing.assert_allclose(truth["timestamp"], times, atol=0.5 / 90_000)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    play = performance(times_at(30, 0.2), {"AU12": 0.5})
    made = [
        render_video(tmp_path / f"{k}" / "v.mp4", PERSON, play, view=SMALL, seed=4)
        for k in "ab"
        if (tmp_path / k).mkdir() is None
    ]
    assert made[0].video.read_bytes() == made[1].video.read_bytes()
    assert made[0].truth_json.read_bytes() == made[1].truth_json.read_bytes()


def test_the_truth_says_what_each_column_is_and_how_many_millimetres_a_unit_is(
    tmp_path: Path,
) -> None:
    t = times_at(30, 0.2)
    play = performance(t, {"AU12": envelope(t, 0.0, 0.1)})
    made = render_video(tmp_path / "v.mp4", PERSON, play, view=SMALL)
    facts = read_json(made.truth_json)
    table = pd.read_csv(made.truth_table, sep="\t")
    assert 10 < facts["columns"]["AU12"]["mm_per_unit"] < 20
    assert "upper bound" in facts["note"]
    np.testing.assert_allclose(table["AU12"], play.of("AU12"))
    units = {name: told.get("unit") for name, told in facts["columns"].items()}
    assert sorted(units) == sorted(table)
    assert units == {
        "frame": None, "timestamp": "s", "repeated": None, "AU12": "1.0 = full movement of the rig",
        **{f"pose_{name}_deg": "deg" for name in ("pitch", "yaw", "roll")},
        **{f"shift_{name}_mm": "mm" for name in ("left", "up", "near")},
        "gaze_pitch_deg": "deg", "gaze_yaw_deg": "deg", "light": None,
    }  # fmt: skip
    assert all(told["meaning"] for told in facts["columns"].values())


def test_a_third_of_a_millimetre_changes_the_picture() -> None:
    play = performance([0.0, 1.0], {"AU12": [0.0, 0.3 / 18]})
    still, moved = (f.astype(int) for f in render_frames(PERSON, play))
    assert np.abs(still - moved).max() > 5


def test_left_is_the_persons_left_on_the_right_of_the_picture() -> None:
    play = performance([0.0, 1.0], {"AU12_L": [0.0, 1.0]})
    still, moved = (f.astype(int) for f in render_frames(PERSON, play, view=SMALL))
    change = np.abs(still - moved).sum(axis=(0, 2))
    assert change[80:].sum() > 3 * change[:80].sum()


def test_an_existing_video_is_not_overwritten(tmp_path: Path) -> None:
    play = performance([0.0])
    render_video(tmp_path / "v.mp4", PERSON, play, view=SMALL)
    with pytest.raises(OutputExistsError, match="there already"):
        render_video(tmp_path / "v.mp4", PERSON, play, view=SMALL)


def test_unknown_action_units_and_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="AU99"):
        performance([0.0], {"AU99": 1.0})
    with pytest.raises(InputError, match="base shape"):
        Identity("x", "male", "martian")


def drawn(*corners: list[tuple[float, float, float]], sheer: tuple[bool, ...] = ()) -> np.ndarray:
    """Return which triangle is seen in each of 4 x 5 samples; -1: none."""
    screen = np.array([corner for each in corners for corner in each])
    triangles = np.arange(len(screen)).reshape(-1, 3)
    ids = np.full((4, 5), raster.BACKGROUND, dtype=np.int32)
    transparent = np.array(sheer or (False,) * len(corners))
    raster.draw(screen, triangles, transparent, np.full((4, 5), np.inf), ids)
    return ids


def test_a_triangle_covers_the_samples_inside_it_up_to_every_edge_of_the_picture() -> None:
    whole = [(-9.0, -9.0, 1.0), (-9.0, 30.0, 1.0), (30.0, -9.0, 1.0)]
    assert (drawn(whole) == 0).all()
    assert (drawn(whole[::-1]) == -1).all()  # it faces away
    flat = [(0.0, 0.0, 1.0), (2.0, 2.0, 1.0), (4.0, 4.0, 1.0)]
    assert (drawn(flat) == -1).all()
    corner = [(0.0, 0.0, 2.0), (0.0, 3.0, 2.0), (3.0, 0.0, 2.0)]
    inside = np.add.outer(np.arange(4), np.arange(5)) <= 2
    np.testing.assert_array_equal(drawn(corner) == 0, inside)
    np.testing.assert_array_equal(drawn(corner, whole), np.ones((4, 5)))  # behind the other
    near = [(x, y, 0.5) for x, y, _ in corner]
    np.testing.assert_array_equal(drawn(near, whole), np.where(inside, 0, 1))
    every_other = np.add.outer(np.arange(4), np.arange(5)) % 2 == 1
    for sheer in (whole, whole[::-1]):
        np.testing.assert_array_equal(drawn(sheer, sheer=(True,)) == 0, every_other)
