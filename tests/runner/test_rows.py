"""Clock, rows and judgements of a recorded session, computed by hand."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mimicry.runner.camera_findings import findings
from mimicry.runner.plan import CameraSettings, Phase, Question, SessionPlan, Step
from mimicry.runner.rows import event_rows, frame_rows, rating_rows
from mimicry.runner.stored import read_done, stream_of
from mimicry.runner.timebase import Segment, place_segments, read_segment

FRAMES_US = [1_000_000, 1_040_000, 1_120_000]


def segment(*events: dict[str, Any], frames: Any = (), number: int = 0, **keys: Any) -> Segment:
    stamps = np.array(frames, np.int64)
    arrival = stamps / 1000 + 25.0
    asked = np.ones(len(stamps), bool)
    return Segment(number, events, stamps, arrival, asked, Path("v"), **keys)


def started(server_s: float, unix_s: float, **keys: Any) -> Segment:
    clock = {"page_ms": 0.0, "server_ns": str(round(server_s * 1e9)), "rtt_ms": 1.0}
    start = {"type": "segment_start", "t": 0.0, "timeOrigin": unix_s * 1000, "clock": clock}
    return segment(start, **keys)


def test_a_page_time_counts_from_the_first_frame_or_from_the_start_without_a_camera() -> None:
    start = {"type": "segment_start", "t": 100.0, "timeOrigin": 1e6}
    clock = {"type": "capture_clock", "constant_ms": 20.0}
    filmed = segment(start, clock, frames=FRAMES_US, shift_us=500_000)
    assert filmed.zero_page_ms == 1020.0
    assert filmed.time_s(1060.0) == pytest.approx(0.54)
    assert filmed.pts_us().tolist() == [500_000, 540_000, 620_000]
    for blind in (segment(start, frames=FRAMES_US), segment(start, clock)):
        assert blind.zero_page_ms == 100.0
    assert segment(start).pts_us().tolist() == []
    assert segment().zero_page_ms == 0.0


def test_the_servers_clock_is_read_where_the_answer_came_soonest() -> None:
    slow = {"page_ms": 50.0, "server_ns": "5000000000", "rtt_ms": 3.0}
    quick = {"page_ms": 60.0, "server_ns": "5010000000", "rtt_ms": 1.0}
    for first, last in [(slow, quick), (quick, slow), (None, quick)]:
        made = segment(
            {"type": "segment_start", "t": 1020.0, "timeOrigin": 1e6, "clock": first},
            {"type": "segment_end", "clock": last},
        )
        assert made.moment() == pytest.approx((5.97, 1001.02))
    assert segment({"type": "segment_start", "t": 500.0}).moment() == (0.5, 0.5)


@pytest.mark.parametrize(
    ("server_s", "unix_s", "gap_s"),
    [(10, 10, 9.88), (10, 14.9, 9.88), (10, 15, 14.88), (10, 1, 0.88), (0.15, 0.15, 0.1),
     (600.12, 600, 600), (900, 900, 600), (-3, -3, 0.1)],
)  # fmt: skip
def test_a_gap_is_the_servers_the_dates_or_a_limit(
    server_s: float, unix_s: float, gap_s: float
) -> None:
    first = started(0.0, 0.0, frames=FRAMES_US)
    second = started(server_s, unix_s, number=1, frames=FRAMES_US)
    placed = place_segments([first, second, second])
    assert [s.shift_us for s in placed] == [0, round((0.12 + gap_s) * 1e6), placed[2].shift_us]
    assert placed[2].shift_us == placed[1].shift_us + 220_000  # nothing between: a tenth of 1 s
    assert (placed[1].number, placed[1].zero_page_ms) == (1, 0.0)
    lone = place_segments([started(0.0, 0.0), started(2.0, 2.0)])
    assert lone[1].shift_us == 2_000_000


def test_frames_are_counted_as_they_stand_in_the_video() -> None:
    clock = {"type": "capture_clock", "constant_ms": 20.0}
    parts = [
        segment(clock, frames=FRAMES_US),
        segment(clock, frames=FRAMES_US[:1], number=1, shift_us=10**6),
    ]
    rows = frame_rows(parts, [np.array([1_000_000, 1_120_000]), np.array([1_000_000])])
    assert [list(row.values()) for row in rows] == [
        [0, 0.0, 1_000_000, 0.005, 1, 0],
        [None, 0.04, 1_040_000, 0.045, 0, 0],
        [1, 0.12, 1_120_000, 0.125, 1, 0],
        [2, 1.0, 1_000_000, 1.005, 1, 1],
    ]
    assert list(rows[0]) == ["frame", "timestamp", "camera_us", "arrival_s", "encoded", "segment"]


TRIAL = Step(
    "t1", "trial", phases=(Phase("fixation", 9.0), Phase("blank", 0.5)), trial_id="1",
    condition="happy", stimulus_id="h", block="watch", columns={"identity": "m1"},
)  # fmt: skip
PLAN: Any = SimpleNamespace(steps=(TRIAL, replace(TRIAL, step_id="t2", practice=True)))


def shown(step: str = "t1", **changes: Any) -> list[dict[str, Any]]:
    """Events of a trial whose stimulus is on the screen from 1 to 2 s."""
    stimulus = {
        "type": "stimulus", "step": step, "kind": "stimulus", "onset_ms": 1000.0, "end": 2000.0,
        "onset_source": "rvfc", "onset_spread_ms": 2.0, "period_ms": 16.0, "shown": 30,
        "dropped": 0,
    }  # fmt: skip
    end = {"type": "step_end", "step": step}
    return [{"type": "step_start", "step": step}, {**stimulus, **changes}, end]


def rows_of(*events: dict[str, Any], lost: tuple[int, ...] = (), **calibration: Any) -> Any:
    frames = [{"timestamp": k * 0.04, "encoded": int(k not in lost)} for k in range(80)]
    return list(event_rows(PLAN, [segment(*events)], frames, calibration))


def test_a_trial_has_its_row() -> None:
    (row,) = rows_of(*shown(), video={"offset_s": 0.03}, lost=(30,))
    assert row == {
        "onset": 1.03, "duration": 1.0, "trial_type": "happy", "stimulus": "h", "trial_id": "1",
        "block": "watch", "onset_reported": 1.0, "onset_source": "rvfc", "onset_spread": 0.002,
        "calibrated": "true", "frames_shown": 30, "frames_dropped": 0, "segment": 0,
        "phase": "stimulus", "repeated": 0, "lost_fraction": 0.02, "max_gap": 0.08,
        "recording_notes": None, "identity": "m1",
    }  # fmt: skip
    (image,) = rows_of(*shown(onset_source="raf", onset_spread_ms=None), image={"offset_s": -0.1})
    assert (image["onset"], image["onset_spread"], image["calibrated"]) == (0.9, None, "true")
    (plain,) = rows_of(*shown(), image={"offset_s": 1.0})
    assert (plain["onset"], plain["calibrated"]) == (1.0, "false")


@pytest.mark.parametrize(
    ("lost", "notes"),
    [((14, 30), None), ((15, 30, 45), "frames_lost"), ((30, 31), "gap"),
     ((30, 31, 32), "frames_lost,gap"), ((11, 12, 64, 65), None)],
)  # fmt: skip
def test_lost_frames_count_from_half_a_second_before_to_the_end_of_the_blank(
    lost: tuple[int, ...], notes: str | None
) -> None:
    (row,) = rows_of(*shown(), video={"offset_s": 0.03}, lost=lost)
    assert row["recording_notes"] == notes


@pytest.mark.parametrize(
    ("changes", "notes"),
    [({"onset_spread_ms": 16.0}, None), ({"onset_spread_ms": 16.1}, "onset_spread"),
     ({"period_ms": None}, "onset_spread"), ({"onset_source": "raf"}, "onset_unconfirmed"),
     ({"dropped": 1}, "stimulus_frames_dropped"), ({"onset_spread_ms": None}, None)],
)  # fmt: skip
def test_an_unsteady_onset_is_noted(changes: dict[str, Any], notes: str | None) -> None:
    assert rows_of(*shown(**changes))[0]["recording_notes"] == notes


def test_a_trial_that_began_twice_was_left_or_was_practice_says_so() -> None:
    practice, again, marker = rows_of(
        *shown("t2"), *shown()[:1], *shown(), {"type": "marker", "t": 2500.0004}
    )
    assert (practice["phase"], practice["repeated"]) == ("practice", 0)
    assert (again["phase"], again["repeated"]) == ("stimulus", 1)
    assert marker == {"onset": 2.5, "phase": "marker"}
    (left,) = rows_of(*shown()[:2])
    assert (left["phase"], left["recording_notes"]) == ("interrupted", "interrupted")
    assert rows_of(*shown(kind="fixation")) == rows_of(*shown("gone")) == []
    flagged = [*shown()[:2], {"type": "step_end", "step": "t1", "flags": ["left_window"]}]
    assert rows_of(*flagged)[0]["recording_notes"] == "left_window"
    parts = [segment(*shown("t2")), segment(*shown("t1"), *shown("t2"), number=1)]
    rows = list(event_rows(PLAN, parts, [], {}))
    # the first trial of a page load had begun on the page before; the practice came twice
    assert [(r["segment"], r["repeated"], r["lost_fraction"]) for r in rows] == [
        (0, 0, None), (1, 1, None), (1, 1, None),
    ]  # fmt: skip


def test_answers_are_numbered_from_the_first_and_a_limit_leaves_none() -> None:
    keys = Question("q", "?", options=("bad", "so", "good"), first=-1, answer=2)
    slider = Question("s", "?", "slider")
    plan: Any = SimpleNamespace(steps=(replace(TRIAL, questions=(keys, slider)),))

    def rows(question: str, value: Any, by: str = "key") -> list[dict[str, Any]]:
        event = {
            "type": "rating", "step": "t1", "question": question, "shown_ms": 3000.0,
            "rt_ms": 456.0, "value": value, "by": by,
        }  # fmt: skip
        return list(rating_rows(plan, [segment(event)]))

    assert rows("q", 2) == [{
        "onset": 3.0, "trial_id": "1", "block": "watch", "question": "q", "response": 1,
        "label": "good", "response_time": 0.456, "answered_by": "key", "correct": 1, "practice": 0,
        "segment": 0,
    }]  # fmt: skip
    (first,) = rows("q", 0)
    assert (first["response"], first["label"], first["correct"]) == (-1, "bad", 0)
    (none,) = rows("q", None, "limit")
    assert (none["response"], none["label"], none["response_time"]) == (None, None, None)
    (moved,) = rows("s", 30.5, "limit")
    assert (moved["response"], moved["response_time"], moved["correct"]) == (30.5, 0.456, None)
    assert [rows("q", damaged) for damaged in (3, -1, True, "1", None)] == [[]] * 5
    assert rows("gone", 1) == []


def test_files_of_a_session_have_their_names(tmp_path: Path) -> None:
    names = {
        "seg-001_video.ivf": (1, "video"), "seg-123456_frames.tsv": (123456, "frames"),
        "seg-010_events.jsonl": (10, "events"), "seg-01_video.ivf": None,
        "seg-1234567_video.ivf": None, "seg-001_video.mp4": None, "xseg-001_video.ivf": None,
    }  # fmt: skip
    assert {name: stream_of(name) for name in names} == names
    assert read_done(tmp_path) == {}
    (tmp_path / "done.json").write_text('{"outcome": "finished"}')
    assert read_done(tmp_path) == {"outcome": "finished"}
    (tmp_path / "done.json").write_text('{"outcome": 1}')
    assert read_done(tmp_path) == {}
    lines = ["head", "0\t40\t1.5\t1", "1\t80\tnan\t1", "2\t120\t2.5\t0", "3\tx\t1\t1", "4\t1\t1"]
    (tmp_path / "seg-002_frames.tsv").write_text("\n".join(lines))
    with pytest.warns(UserWarning, match="segment 2: 3 damaged lines"):
        read = read_segment(tmp_path, 2)
    assert read.frame_us.tolist() == [40, 120]
    assert read.arrival_ms.tolist() == [1.5, 2.5]
    assert read.asked.tolist() == [True, False]
    assert read.events == ()
    good = '{"type": "marker", "t": 5}\n'
    lost = 'no json\n{"type": "marker"}\n{"type": "rating", "step": "t1"}\n'
    (tmp_path / "seg-003_events.jsonl").write_text(good * 2 + lost)
    with pytest.warns(UserWarning, match="segment 3: 3 damaged lines"):
        assert read_segment(tmp_path, 3).events == ({"type": "marker", "t": 5},) * 2


def test_a_plan_takes_two_minutes_its_phases_and_a_while_for_each_page_and_question() -> None:
    asked = replace(TRIAL, questions=(Question("q", "?"), Question("r", "?")))
    page = Step("p", "break", min_s=30.0)
    clip = Step("c", "trial", phases=(Phase("clip"),))
    plan = SessionPlan("p", "d", "t", "01", None, "T", (), (asked, page, clip), ())
    assert plan.duration_s() == 120 + 9.5 + 16 + 50 + 5
    assert (page.button, page.practice, page.block) == ("Continue", False, "")
    assert plan.camera == CameraSettings(True, 640, 480, 30.0, 4_000_000)
    assert (plan.seed, plan.keep_video, plan.background) == (0, True, "#808080")
    assert (asked.questions[0].steps, asked.questions[0].maximum) == (101, 100.0)
    with pytest.raises(ValueError, match="two steps"):
        replace(plan, steps=(page, page))


def judged(eyes_px: float = 60.0, light: int = 60, turn_deg: tuple[float, float] = (0, 0)) -> Any:
    points = np.full((1, 478, 3), 0.5)
    points[0, 33, 0], points[0, 263, 0] = 0.25, 0.25 + eyes_px / 400
    yaw, pitch = np.radians(turn_deg)
    pose = np.eye(4)[None]
    pose[0, :3, 2] = [np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)]
    return findings(points, pose, np.full((300, 400), light, np.uint8))


def test_a_picture_is_judged_on_both_sides_of_each_limit() -> None:
    good = judged()
    assert (good["face"], good["faces"]) == (True, 1)
    assert [good[name]["ok"] for name in ("size", "pose", "light", "sharp")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert good["size"]["value"] == pytest.approx(60)
    assert judged(59.9)["size"]["text"] == "too far away: come closer"
    assert judged(139.9)["size"]["ok"]
    assert judged(140.1)["size"]["text"] == "too close: move back a little"
    assert judged(light=59)["light"]["text"].startswith("too dark")
    assert judged(light=210)["light"]["ok"]
    assert judged(light=211)["light"]["text"].startswith("too bright")
    for turn in [(14.9, 0), (-14.9, 0), (0, 14.9), (0, -14.9), (14, -14)]:
        pose = judged(turn_deg=turn)["pose"]
        assert pose["ok"], turn
        assert pose["value"] == pytest.approx(turn)
    for turn in [(15.1, 0), (-15.1, 0), (0, 15.1), (0, -15.1)]:
        assert not judged(turn_deg=turn)["pose"]["ok"]
    none = findings(np.empty((0, 478, 3)), np.empty((0, 4, 4)), np.full((3, 4), 100, np.uint8))
    assert (none["face"], none["faces"], none["light"]["value"]) == (False, 0, 100.0)
