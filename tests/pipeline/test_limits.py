"""What is known and said of a recording, by hand: texts, windows, clocks, limits on both sides."""

import json
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mimicry.errors import InputError, OutputExistsError, QualityWarning, TableError
from mimicry.files import digest, sha256_of, write_json
from mimicry.pipeline import (
    clock,
    doctor,
    extraction,
    landmark_source,
    measured,
    plan,
    quality,
    score_files,
    scores,
)
from mimicry.pipeline.inputs import find_videos, named_stems
from mimicry.pipeline.landmark_source import save_debug_frame
from mimicry.records import (
    EmotionMap,
    ExtractionOptions,
    ReadingOptions,
    ScoringSettings,
    StimulusTimeline,
)

GOOD = {
    "frames": 100,
    "frames_with_face": 90,
    "frames_with_several_faces": 0,
    "frames_of_another_face": 0,
    "luminance": {"median": 50.4},
    "reading": {},
    "timing": {"holes": []},
    "video": {},
}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, ""),
        ({"frames_with_several_faces": 3},
         ("several faces in 3 of 100 frames, the largest was followed. "
          "Choose with `face='left'`, `face='right'` or `roi_px=(X, Y, W, H)`.")),
        ({"frames_with_several_faces": 3, "reading": {"face": "largest"}}, ""),
        ({"frames_with_several_faces": 0, "reading": {"face": "left"}},
         ("no frame shows two faces; the one that was seen was taken for the left one. "
          "Check who it is.")),
        ({"frames_with_several_faces": None, "reading": {"face": "left"}}, ""),
        ({"frames_with_several_faces": 2, "frames_before_two_faces": 1,
          "reading": {"face": "right"}},
         ("in 1 frame before the first with two faces one is alone and was told by its place. "
          "Check who it is.")),
        ({"timing": {"holes": [[1, 0.5]]}}, "1 hole in time without frames: 0.50 s after 1.00 s"),
        ({"timing": {"holes": [[k, 0.5] for k in range(5)]}}, "5 holes in time without frames: "
         + ", ".join(f"0.50 s after {k}.00 s" for k in range(5))),
        ({"timing": {"holes": [[k, 0.5] for k in range(7)]}}, "7 holes in time without frames: "
         + ", ".join(f"0.50 s after {k}.00 s" for k in range(5)) + ", and 2 more"),
        ({"video": {"truncated": True, "last_time_s": 3.456, "corrupt_frames": 2,
                    "untimed_frames": 0, "resized_frames": 1}},
         ("the file is truncated: 100 frames up to 3.46 s were kept; 2 frames are corrupt; "
          "1 frames have another size than the first")),
    ],
)  # fmt: skip
def test_what_a_user_must_know_of_a_recording(changes, text) -> None:
    assert quality.warnings_of("x", {**GOOD, **changes}) == [f"x: {text}"] * bool(text)


def test_what_was_looked_at_in_vain_is_told() -> None:
    (text,) = quality.warnings_of("x", {**GOOD, "frames_with_face": 0})
    looked = "x: no face was seen in any of 100 frames. Check that it is the participant's"
    assert text == f"{looked} recording."
    video = {"video": {"size_px": (640, 480), "rotation": 90}, "reading": {"roi_px": (1, 2, 3, 4)}}
    text, advice = quality.no_face_text(5, 50.6, video)
    assert text == (
        "no face was seen in any of 5 frames (pictures of 640x480 pixels, turned upright by 90 "
        "degrees, of them the part 1,2,3,4, median brightness 51 of 255)"
    )
    assert "debug_frame" in advice
    plain, _ = quality.no_face_text(5, None, {"video": {"size_px": (640, 480)}})
    assert plain == "no face was seen in any of 5 frames (pictures of 640x480 pixels)"


def test_videos_of_one_name_are_numbered(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MP4", "c.txt"):
        (tmp_path / name).touch()
    found = find_videos([tmp_path / "x.mov", tmp_path])
    assert [p.name for p in found] == ["x.mov", "a.MP4", "b.mp4"]
    names = ("a.mp4", "d/a.mov", "e/a_landmarks.parquet", "a-2.mp4", "a.mp4")
    stems = [stem for _, stem in named_stems([Path(n) for n in names])]
    assert stems == ["a", "a-2", "a-3", "a-2-2", "a-4"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="a folder without videos"):
        find_videos([tmp_path / "empty"])


def table(path: Path, first: float) -> Path:
    rows = "".join(f"{k},{first + k / 4},1,0.5\n" for k in range(4))
    path.write_text(f"frame,timestamp,success,AU12_r\n{rows}")
    return path


def test_a_table_counts_from_0_when_it_begins_within_one_and_a_half_frames(tmp_path) -> None:
    path, events = tmp_path / "a.csv", tmp_path / "e.tsv"
    reading = ReadingOptions(clock="start")
    for first in (-0.375, 0.0, 0.375):
        assert clock._container_start(table(path, first), reading) == 0.0
    for first in (-0.376, 0.376):
        assert clock._container_start(table(path, first), reading) is None
    with pytest.raises(InputError, match="not known where this recording begins"):
        clock.clock_of(path, events, reading)
    assert clock._container_start(path, ReadingOptions()) is None
    assert clock._container_start(path, ReadingOptions(clock="start", fps=4)) == 0.0
    stored = {"video": {"container_start_s": 1.5}}
    write_json(tmp_path / "a_au.json", {"provenance": stored})
    assert [clock._stored(v) for v in (stored, {}, {"video": {}}, None)] == [1.5, None, None, None]


def test_the_unix_time_of_0_is_that_of_the_recorder_or_of_the_file(tmp_path, monkeypatch) -> None:
    path, events = table(tmp_path / "s_video.csv", 0.0), tmp_path / "t_events.tsv"
    made = [1000.0]
    monkeypatch.setattr(clock, "created_unix_s", lambda _: made[0])
    reading = ReadingOptions(clock="unix", video=tmp_path / "v.mp4")
    assert clock._unix_zero(path, events, None, ReadingOptions()) == (None, "", False)
    zero, text, rough = clock._unix_zero(path, events, 1.5, reading)
    assert (zero, rough, "creation_time" in text) == (998.5, True, True)
    assert clock._unix_zero(path, events, None, reading)[0] == 1000.0
    made[0] = None
    assert clock._unix_zero(path, events, 1.5, reading) == (None, "", False)
    for name, zero in (("t", 7.5), ("s", 8.5)):  # the recording's own goes first
        write_json(tmp_path / f"{name}_recording.json", {"time_zero_unix_s": zero})
        told = (zero, f"from {name}_recording.json", False)
        assert clock._unix_zero(path, events, 1.5, reading) == told
    known = clock.clock_of(path, events, ReadingOptions())
    assert (known.clock, known.rough, known.shift_s) == ("container", False, 0.0)
    (tmp_path / "s_recording.json").write_text("{}")
    known = clock.clock_of(path, events, ReadingOptions())
    assert (known.rough, known.unix_zero_s) == (False, None)
    with pytest.raises(InputError):
        clock.clock_of(path, events, ReadingOptions(clock="unix"))


def made_plan(**changes) -> plan.Plan:
    clip = StimulusTimeline(np.arange(3.0), np.ones((3, 1)), ("AU12",), 0.5, 1.0, 2.0, "c")
    late = StimulusTimeline(np.arange(3.0), np.ones((3, 1)), ("AU12",), 0.75, 1.0, 2.0, "l")
    trials = SimpleNamespace(
        stimulus_id=("c", "l"), onset_s=np.array([10.0, 20.0]), source="", columns={}
    )
    given = {
        "recording": Path("r.mp4"),
        "prefix": "p",
        "participant": "1",
        "session": "",
        "protocol": None,
        "settings": ScoringSettings({"happy": EmotionMap(("AU12",), ("AU04",))}),
        "trials": trials,
        "timelines": {"c": clip, "l": late},
        "inputs": {"a": 1},
        "sources": {},
        "read_with": {"clock": "k"},
    }
    return plan.Plan(**(given | changes))


def test_windows_lie_around_the_dynamic_onset_of_every_trial() -> None:
    made = made_plan()
    assert made.onsets_s.tolist() == [10.5, 20.75]
    assert made.around((-0.5, 2.0)) == [(10.0, 12.5), (20.25, 22.75)]
    assert made.digest == digest({"inputs": {"a": 1}, "version": plan.__version__})
    assert plan.recording_prefix(Path("sub-1_task-x_video.mp4")) == "sub-1_task-x"
    entities = [plan._entity(Path("sub-01_ses-b_video.mp4"), n) for n in ("sub", "ses", "run")]
    assert entities == ["01", "b", ""]
    assert plan._entity(Path("xsub-01.mp4"), "sub") == ""
    clip = made.timelines["c"]
    envelope = digest([[0.0, 1.0, 2.0], {"AU12": [1.0, 1.0, 1.0]}])
    assert plan._timeline_json(clip) == {
        "onset_s": 0.5, "apex_s": 1.0, "offset_s": 2.0, "envelope": envelope
    }  # fmt: skip


def test_the_fit_leaves_out_what_may_hold_a_response(monkeypatch) -> None:
    seen = {}

    def extract(recording, folder, *, stem, options, **_):
        seen.update(recording=recording, stem=stem, options=options)
        return SimpleNamespace(read_track=lambda: "track", files={"au": 1}, qc={"q": 1})

    monkeypatch.setattr(measured, "extract_recording", extract)
    made = measured._extracted(made_plan(), Path("f"), ExtractionOptions(), None, None)
    assert (made.track, made.files, made.quality) == ("track", {"au": 1}, {"q": 1})
    options = seen["options"]
    assert list(options.neutral) == [(10.0, 10.5), (20.25, 20.75)]
    assert list(options.exclude_from_pose_fit) == [(10.5, 13.0), (20.75, 23.25)]
    assert (seen["recording"], seen["stem"]) == (Path("r.mp4"), "p")
    measured._extracted(made_plan(), Path("f"), ExtractionOptions(neutral=[(1, 2)]), None, None)
    assert list(seen["options"].neutral) == [(1, 2)]


def test_a_scored_recording_has_the_fields_of_its_plan(tmp_path: Path) -> None:
    class Track:
        tracked = np.array([True, False, True])

        def __len__(self) -> int:
            return 3

    frames = score_files.frames_of(Track())
    assert frames == {"frames": 3, "frames_with_face": 2}
    parts = {"files": {}, "scores": None, "summary": None}
    made = score_files.ScoredRecording.of(made_plan(), frames, **parts)
    assert (made.recording, made.prefix, made.frames) == (Path("r.mp4"), "p", 3)
    assert (made.shown, made.resumed, made.read_with) == ([], False, {"clock": "k"})
    assert score_files.ScoredRecording.of(made_plan(), frames, resumed=True, **parts).resumed
    assert score_files._shown(made_plan()) == ["delta_AU04_main", "delta_AU12_main"]
    path = tmp_path / "s.tsv"
    path.write_text("trial_id\tcondition\tvalid\n01\ta\t0\n2\t\t1\n")
    back = score_files._read_back(path, *score_files._NEEDED)
    assert back.to_dict("list") == {
        "trial_id": ["01", "2"], "condition": ["a", None], "valid": [0, 1]
    }  # fmt: skip
    for valid in ("2", "-1", "n/a", "yes"):
        path.write_text(f"trial_id\tcondition\tvalid\n1\ta\t{valid}\n")
        with pytest.raises(TableError, match="'valid' is missing or holds something else"):
            score_files._read_back(path, *score_files._NEEDED)
    assert len(score_files._read_back(path)) == 1
    with pytest.raises(TableError, match="'x' is missing"):
        score_files._read_back(path, "x")


@pytest.mark.parametrize(
    ("blocks", "phases", "drawn"),
    [(["watch", "imitate"], ("watch", "rest"), {"watch": ("watch", ["a"])}),
     (["only"], ("watch", "rest"), {"watch": ("only", ["a"]), "rest": ("only", ["b"])}),
     ([], ("", ""), {})],
)  # fmt: skip
def test_each_phase_is_drawn_again_by_its_block(blocks, phases, drawn) -> None:
    protocol = SimpleNamespace(
        file=SimpleNamespace(blocks=dict.fromkeys(blocks)),
        redraw=lambda b, conditions: (b, conditions),
    )

    class Trials(SimpleNamespace):
        def __len__(self) -> int:
            return 2

    trials = Trials(columns={"block": phases}, condition=("a", "b"))
    assert scores._redraws(made_plan(protocol=protocol, trials=trials)) == drawn


def test_warnings_are_heard_once_and_others_pass() -> None:
    with warnings.catch_warnings(), plan.listening() as heard:
        warnings.simplefilter("always")
        for kind, text in ((QualityWarning, "a"), (UserWarning, "b"), (QualityWarning, "a")):
            warnings.warn(text, kind, stacklevel=1)
    assert heard == ["a", "a"]
    assert scores._once(heard, ["c", "a"]) == ["a", "c"]


def test_landmarks_are_taken_again_when_they_are_the_same(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "l"
    source = landmark_source.LandmarkSource(Path("r"), "d", {}, None, ReadingOptions())
    assert source.matches(path, overwrite=False) is False
    path.touch()
    known: list[object] = ["d"]

    def digest_of(_path: Path) -> object:
        if isinstance(known[0], Exception):
            raise known[0]
        return known[0]

    monkeypatch.setattr(landmark_source, "_digest_of", digest_of)
    assert [source.matches(path, overwrite=o) for o in (False, True)] == [True, True]
    for other, error in (("e", OutputExistsError), (TableError("bad"), TableError)):
        known[0] = other
        with pytest.raises(error):
            source.matches(path, overwrite=False)
        assert source.matches(path, overwrite=True) is False


def test_what_decided_a_landmark_file_is_its_digest_or_its_bytes(tmp_path, monkeypatch) -> None:
    path = tmp_path / "l"
    path.write_bytes(b"x")
    for noted, known in (({"digest": "d"}, "d"), ({}, sha256_of(path))):
        file = SimpleNamespace(provenance=noted)
        monkeypatch.setattr(landmark_source, "LandmarkFile", lambda _, file=file: file)
        assert landmark_source._digest_of(path) == known
    identity = {"sha256": "s", "name": "n"}
    plain = landmark_source._landmark_digest(identity, ReadingOptions())
    assert len(plain) == 64
    assert plain == landmark_source._landmark_digest(identity, ReadingOptions(clock="unix"))
    for reading in (ReadingOptions(face="left"), ReadingOptions(roi_px=(1, 2, 3, 4))):
        assert plain != landmark_source._landmark_digest(identity, reading)
    assert plain != landmark_source._landmark_digest({**identity, "name": "m"}, ReadingOptions())


@pytest.mark.parametrize(
    ("fps", "gaps", "status"), [(20.0, 0, "ok"), (19.9, 0, "warning"), (30.0, 1, "warning")]
)
def test_a_clock_is_good_from_20_frames_a_second_without_gaps(fps, gaps, status) -> None:
    timing = {
        "fps_effective": fps, "variable_rate": gaps > 0, "interval_min_ms": 1, "gaps": gaps,
        "interval_max_ms": 2, "start_s": 0.5, "count_clock_error_s": 0.25,
    }  # fmt: skip
    found, text = doctor._verdict(timing)
    assert found == status
    rate = "variable" if gaps else "steady"
    assert text.startswith(f"{fps:.2f} frames/s ({rate}), intervals 1.0 to 2.0 ms, {gaps} gaps")
    assert doctor._verdict({"fps_effective": None}) == ("warning", "holds a single frame")


@pytest.mark.parametrize(
    ("installed", "closed", "status", "word"),
    [("0.10.33", True, "ok", "no network code"), ("0.10.34", True, "warning", "reports usage"),
     ("0.10.33", False, "failed", "could reach out"), ("x", True, "warning", "reports usage")],
)  # fmt: skip
def test_the_guard_is_asked_and_the_version_looked_at(monkeypatch, installed, closed, status, word):
    dead = "http://127.0.0.1:9"
    for answer in (
        [{"http": dead, "https": dead}, not closed],
        [{"http": dead, "https": dead if closed else "http://proxy"}, False],
    ):
        run = SimpleNamespace(stdout=json.dumps(answer))
        monkeypatch.setattr(doctor.subprocess, "run", lambda *_, run=run, **__: run)
        monkeypatch.setattr(doctor, "version", lambda _: installed)
        check = doctor._guard()
        assert (check.name, check.status) == ("network guard", status)
        assert word in check.text


def library(name: str, installed: str | None, *, fits: bool = True) -> object:
    return type("L", (SimpleNamespace,), {"__str__": lambda self: f"{self.name} {self.installed}"})(
        name=name, installed=installed, fits=fits, remedy=f"pip install {name}"
    )


@pytest.mark.parametrize(
    ("known", "status", "word"),
    [([library("python", "3"), library("a", "1")], "ok", "a 1 on "),
     ([library("python", "3"), library("a", None), library("b", "1", fits=False)], "failed",
      "missing: a. Install"),
     ([library("python", "3"), library("a", "1", fits=False)], "warning",
      "never tested: a 1. Better: pip install a. Found: mimicry"),
     ([], "warning", "the package is not installed")],
)  # fmt: skip
def test_libraries_are_missing_untested_or_tested(monkeypatch, known, status, word) -> None:
    monkeypatch.setattr(doctor, "libraries", lambda: known)
    check = doctor._versions()
    assert (check.name, check.status) == ("versions", status)
    assert word in check.text


def test_what_fails_in_a_trial_extraction_is_told(monkeypatch) -> None:
    def fail(path, *, model):
        raise ValueError("it broke")

    monkeypatch.setattr(doctor, "extract_landmarks", fail)
    check = doctor._landmarks(None)
    assert (check.name, check.status, check.text) == ("landmarks", "failed", "it broke")
    monkeypatch.setattr(doctor, "extract_landmarks", lambda *_, **__: [1, 2, 3])
    assert doctor._landmarks(None).text == "a process started and measured 3 frames"
    monkeypatch.setattr(doctor, "camera_present", lambda: None)
    asked = []
    monkeypatch.setattr(doctor, "probe_camera", asked.append)
    assert doctor.check_camera().text == "camera 0 does not answer"
    assert asked == [0]
    monkeypatch.setattr(doctor, "camera_present", lambda: False)
    assert doctor.check_camera(2).status == "skipped"
    assert isinstance(extraction.usable_cores(), int)
    assert extraction.usable_cores() >= 1


def test_only_a_video_has_a_picture_to_save(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", 0.0)
    with pytest.raises(InputError, match="holds no picture to save"):
        save_debug_frame(path, tmp_path, "p", ReadingOptions())
    assert not pd.read_csv(path).empty


def test_a_table_of_ours_knows_its_start_from_its_sidecar_alone(tmp_path: Path) -> None:
    reading = ReadingOptions(clock="start")
    ours, theirs = tmp_path / "m_au.csv", table(tmp_path / "o_au.csv", 0.0)
    ours.write_text("frame,timestamp,pose_pitch_deg,AU12\n0,0,1,1\n1,0.04,1,1\n")
    assert clock._container_start(ours, reading) is None
    assert clock._container_start(theirs, reading) == 0.0
    for path, start in ((ours, 1.5), (theirs, 2.5)):
        about = {"provenance": {"video": {"container_start_s": start}}}
        write_json(path.with_suffix(".json"), about)
        assert clock._container_start(path, reading) == start


def test_onsets_are_checked_with_their_source(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(plan, "check_onsets", lambda *given: asked.append(given) or ["doubt"])
    made = made_plan()
    assert made.check_onsets(np.arange(3.0)) == ["doubt"]
    made.trials.source = "events.tsv"
    made.check_onsets(np.arange(3.0))
    assert [given[3] for given in asked] == [None, "events.tsv"]
    assert asked[0][0].tolist() == [10.0, 20.0]
    assert asked[0][2] is made.clock
