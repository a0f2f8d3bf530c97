"""Every number of a quality file, of a recording small enough to work them out by hand."""

import numpy as np
import pandas as pd
import pytest

from mimicry.pipeline.quality import quality_of, usable_frames
from mimicry.pipeline.score_files import trial_quality
from mimicry.records import ActionUnitTrack, ScoringSettings

N = 21
FRAMES = np.arange(N)


def recording(**quality) -> ActionUnitTrack:
    """Twenty intervals of 0.1 s; frames 5 to 7 and 18 to 20 show no face."""
    seen = ~np.isin(FRAMES, [5, 6, 7, 18, 19, 20])
    size = np.where(seen, 100.0 + FRAMES, np.nan)
    pose = np.column_stack([FRAMES - 10.0, 2 * (FRAMES - 10.0), 40.0 + 0 * FRAMES])
    given = {
        "success": seen.astype(float),
        "scale_px": size,
        "luminance": 2.0 * FRAMES,
        "sharpness": np.full(N, np.nan),
        "blink": np.where(seen, np.isin(FRAMES, [2, 3, 4]), np.nan),
        "pose_ok": np.where(seen, np.isin(FRAMES, [0, 1, 17], invert=True), np.nan),
        "fit_residual": 0.0 * FRAMES,
        "plausible": np.where(seen, FRAMES != 8, np.nan),
    }
    return ActionUnitTrack(
        times_s=5.0 + FRAMES / 10,
        intensity=np.where(seen, 0.0, np.nan)[:, None],
        names=("AU12",),
        pose_deg=np.where(seen[:, None], pose, np.nan),
        quality=given | quality,
        blendshapes=np.empty((N, 0)),
        provenance={
            "input": {"name": "x.mp4"},
            "video": {"codec": "h264"},
            "reading": {"face": "left"},
            "frames_with_several_faces": 4,
            "frames_of_another_face": 2,
            "frames_before_two_faces": 3,
            "action_units": {"neutral": {"kind": "declared"}},
        },
    )


def test_every_number_of_a_recording():
    found = quality_of(recording())
    timing = found.pop("timing")
    assert (timing["start_s"], timing["duration_s"]) == (5.0, pytest.approx(2.0))
    assert timing["fps_effective"] == pytest.approx(10.0)
    assert found.pop("head_pose_deg") == {
        "pitch": pytest.approx({"p05": -9.3, "median": 0.0, "p95": 6.3}),
        "yaw": pytest.approx({"p05": -18.6, "median": 0.0, "p95": 12.6}),
        "roll": pytest.approx({"p05": 40.0, "median": 40.0, "p95": 40.0}),
    }
    assert found.pop("face_size_px") == pytest.approx({"p05": 100.7, "median": 110.0, "p95": 116.3})
    assert found.pop("luminance") == pytest.approx({"p05": 2.0, "median": 20.0, "p95": 38.0})
    assert found.pop("share_of_tracked_frames") == pytest.approx(
        {"plausible": 14 / 15, "pose_ok": 12 / 15, "blink": 3 / 15}
    )
    assert found == {
        "input": {"name": "x.mp4"},
        "video": {"codec": "h264"},
        "frames": 21,
        "frames_with_face": 15,
        "tracked_fraction": pytest.approx(15 / 21),
        "usable_frames": 11,  # not 2, 3, 4 (blink) and 8 (implausible); yaw stays below 20
        "usable_fraction": pytest.approx(11 / 21),
        "frames_with_several_faces": 4,
        "frames_of_another_face": 2,
        "frames_before_two_faces": 3,
        "reading": {"face": "left"},
        "longest_loss_s": pytest.approx(0.4),
        "sharpness": None,
        "neutral": {"kind": "declared"},
    }


def test_a_narrower_limit_of_the_head_leaves_fewer_frames():
    settings = ScoringSettings({}, pose_limit_deg=10.0)
    # |yaw| = 2 |k - 10| <= 10: frames 5 to 15, of which 5, 6, 7 show no face and 8 is wrong
    assert usable_frames(recording(), settings) == {
        "usable_frames": 7,
        "usable_fraction": pytest.approx(7 / 21),
    }


@pytest.mark.parametrize(
    ("lost", "seconds"),
    [([], 0.0), ([3], 0.2), ([0, 1], 0.2), ([19, 20], 0.2), ([4, 5, 9], 0.3), (range(21), 2.0)],
)
def test_the_longest_loss_is_counted_between_the_frames_around_it(lost, seconds):
    seen = ~np.isin(FRAMES, list(lost))
    found = quality_of(recording(success=seen.astype(float)))
    assert found["longest_loss_s"] == pytest.approx(seconds)


def test_a_source_that_does_not_say_gives_no_share():
    found = quality_of(recording(blink=np.full(N, np.nan)))
    assert found["share_of_tracked_frames"]["blink"] is None


def test_trials_and_reasons_are_counted_by_condition():
    table = pd.DataFrame(
        {
            "condition": ["happy", "angry", "happy", "happy"],
            "valid": [1, 0, 0, 0],
            "reason": [None, "speech", "baseline;outside", "baseline"],
        }
    )
    assert trial_quality(table) == {
        "angry": {"trials": 1, "valid": 0, "reasons": {"speech": 1}},
        "happy": {"trials": 3, "valid": 1, "reasons": {"baseline": 2, "outside": 1}},
    }
