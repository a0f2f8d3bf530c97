"""One person is followed from frame to frame, never another."""

import numpy as np
import pytest

from mimicry.landmarks.choose import FaceChooser

MISSING = -1


def squares(*frames):
    """(n, 2, 4, 3) corner points of squares (x, y, size), NaN for missing ones."""
    points = np.full((len(frames), 2, 4, 3), np.nan, np.float32)
    for row, faces in enumerate(frames):
        for k, (x, y, size) in enumerate(faces):
            points[row, k, :, :2] = [(x, y), (x + size, y), (x, y + size), (x + size, y + size)]
    return points


class Film:
    """Frames at 25 a second, handed over one by one or in blocks."""

    def __init__(self, rule="largest"):
        self.chooser, self.frame = FaceChooser(rule), 0

    def show(self, *frames, wait=0):
        """Return which face is chosen in each of the next frames."""
        self.frame += wait
        times = (self.frame + np.arange(len(frames))) / 25
        self.frame += len(frames)
        return self.chooser.choose(squares(*frames), times).tolist()

    def others(self, *frames):
        """Return in which of the first frames the face was the other person's."""
        points = squares(*frames)[:, 0]
        return self.chooser.before_both().others(points, np.arange(len(frames)) / 25).tolist()


def test_the_largest_face_is_taken_first_and_then_followed():
    film = Film()
    assert film.show([(0, 0, 10), (50, 0, 20)]) == [1]
    # the other one has grown, but the followed one is nearer to where it was
    assert film.show([(52, 1, 20), (0, 0, 40)]) == [0]
    assert film.show([]) == [MISSING]
    assert film.show([(0, 0, 40), (54, 2, 20)]) == [1]


def test_alone_the_other_person_is_not_taken_for_the_followed_one():
    film = Film()
    assert film.show([(0, 0, 20), (100, 0, 40)]) == [1]
    assert film.show(*[[(1, 0, 20)]] * 100) == [MISSING] * 100
    assert film.show([(104, 0, 40)], [(3, 0, 20)]) == [0, MISSING]


def test_a_face_that_was_none_is_forgotten():
    """A pattern on the wall, taken for a face once, must not keep the person out for good."""
    film = Film()
    assert film.show([(100, 0, 40), (0, 0, 20)]) == [0]
    assert film.show([(4, 0, 40)], wait=5) == [MISSING]
    film = Film()
    assert film.show([(100, 0, 40), (0, 0, 20)]) == [0]
    assert film.show([(4, 0, 40)], wait=30) == [0]


def test_one_face_found_twice_is_one_face():
    film = Film()
    assert film.show([(100, 0, 40), (108, 0, 38)]) == [0]
    assert film.show([(107, 0, 40)]) == [0]


@pytest.mark.parametrize(("rule", "seat"), [("left", 0), ("right", 100)])
def test_left_and_right_are_places_in_the_picture(rule, seat):
    film = Film(rule)
    pair = [(100, 0, 30), (0, 0, 40)]
    # whose seat it is shows a little later: the frames before go by it afterwards
    assert film.show([pair[0]], [pair[1]], pair) == [0, 0, 1 if rule == "left" else 0]
    assert film.chooser.frames_before_both == 2
    assert film.others([pair[0]], [pair[1]]) == [rule == "left", rule == "right"]
    away = [(100 - seat, 0, 30)]
    assert film.show(*[away] * 60, pair[::-1]) == [MISSING] * 60 + [0 if rule == "left" else 1]
    assert film.show([(seat + 6, 2, 30)], wait=500) == [0]


def test_a_person_alone_is_taken_wherever_the_seat_is():
    film = Film("left")
    assert film.show([(300, 0, 30)], [], [(310, 0, 30)]) == [0, MISSING, 0]
    assert not film.chooser.both_seen


@pytest.mark.parametrize("rule", ["largest", "left", "right"])
@pytest.mark.parametrize("alone", [0, 1, 130])
def test_blocks_of_every_size_choose_the_same(rule, alone):
    rng = np.random.default_rng(5)
    both = [(0, 0, 40), (120, 0, 30)]
    frames = (
        [[both[k % 2]] for k in range(alone)]
        + [both]
        + [
            [(x + rng.uniform(-9, 9), 0, s) for x, _, s in both if rng.uniform() < 0.7]
            for _ in range(80)
        ]
    )
    whole = Film(rule)
    chosen = whole.show(*frames)
    for size in (1, 64, 128):
        film = Film(rule)
        blocks = [frames[k : k + size] for k in range(0, len(frames), size)]
        assert [c for block in blocks for c in film.show(*block)] == chosen, size
        assert film.chooser.frames_before_both == whole.chooser.frames_before_both
        assert film.others(*frames[:alone]) == whole.others(*frames[:alone])
