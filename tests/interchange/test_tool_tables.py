"""Tables of other tools: which face, which times, how sure."""

import numpy as np
import pandas as pd
import pytest

from mimicry.capture.video import VideoReader
from mimicry.errors import QualityWarning, TableError
from mimicry.interchange.tables import faces_in_table, read_au_table
from mimicry.pipeline.quality import quality_of
from mimicry.records import ReadingOptions

N = 30


def openface(path, *, faces=1, **changes):
    """Write a table as OpenFace does; the face of id k smiles at k + 1."""
    frames = np.repeat(np.arange(1, N + 1), faces)
    ids = np.tile(np.arange(faces), N)
    columns = {
        "frame": frames,
        "face_id": ids,
        "timestamp": np.round((frames - 1) / 25, 3),
        "confidence": 0.98,
        "success": 1,
        "AU12_r": ids + 1.0,
        **changes,
    }
    pd.DataFrame({k: v for k, v in columns.items() if v is not None}).to_csv(path, index=False)
    return path


def feat(path, frames, **columns):
    n = len(frames)
    pose = dict.fromkeys(("Pitch", "Roll", "Yaw"), np.zeros(n))
    smile = columns.pop("smile", np.full(n, 0.5))
    pd.DataFrame({"frame": frames, "AU12": smile, **pose, **columns}).to_csv(path, index=False)
    return path


def choose(**options):
    return ReadingOptions(**options)


def test_a_face_is_chosen_by_id_by_place_and_by_size(tmp_path):
    """Face 0 is far away on the right, face 1 near on the left."""
    place = {"pose_Tx": np.tile([200.0, -100.0], N), "pose_Tz": np.tile([900.0, 500.0], N)}
    path = openface(tmp_path / "o.csv", faces=2, **place)
    for face, smile in (("0", 1), ("1", 2), ("left", 2), ("right", 1), ("largest", 2)):
        track = read_au_table(path, reading=choose(face=face))
        assert set(track.of("AU12")) == {smile}
        assert len(track) == N
        assert track.provenance["face"] == face
    assert faces_in_table(path) == ("1", "0")
    with pytest.raises(TableError, match=r"2 faces \(0, 1\).*`face='0'` or `face='left'`"):
        read_au_table(path)
    with pytest.raises(TableError, match="no face 7; it has 0, 1"):
        read_au_table(path, reading=choose(face="7"))


def test_where_nothing_tells_places_apart_only_ids_are_offered(tmp_path):
    path = openface(tmp_path / "o.csv", faces=2)
    with pytest.raises(TableError, match=r"no column that tells where.*by id.*`face='0'`.*0, 1"):
        read_au_table(path, reading=choose(face="left"))
    assert faces_in_table(path) == ("0", "1")


def test_faces_without_ids_are_followed_by_their_place(tmp_path):
    """The left face is missed in a few frames: the right one stays the right one."""
    rows = [(f, x, s) for f in range(N) for x, s in ((300, 0.9), (100, 0.1))]
    rows = [r for r in rows if not (r[0] in (3, 4, 5) and r[1] == 100)]
    frames, x, smile = (np.array(c) for c in zip(*rows, strict=True))
    box = {"FaceRectX": x, "FaceRectWidth": 80, "FaceRectHeight": 90}
    path = feat(tmp_path / "f.csv", frames, smile=smile, **box)
    left = read_au_table(path, reading=choose(face="left", fps=25))
    right = read_au_table(path, reading=choose(face="right", fps=25))
    assert (len(left), len(right)) == (N - 3, N)
    assert set(left.of("AU12")) == {0.1}
    assert set(right.of("AU12")) == {0.9}
    bare = feat(tmp_path / "g.csv", frames, smile=smile)
    with pytest.raises(TableError, match="nothing tells the faces apart"):
        read_au_table(bare, reading=choose(fps=25))


def boxes(path, seen, **columns):
    """Write a Py-Feat table of (frame, place, smile) rows; a place that is NaN is no face."""
    frames, x, smile = (np.array(c) for c in zip(*seen, strict=True))
    box = {"FaceRectX": x, "FaceRectWidth": 80 + 0 * x, "FaceRectHeight": 90}
    return feat(path, frames, smile=smile, **box, **columns)


@pytest.mark.parametrize("other", ["Person_1", None])
def test_a_face_without_an_identity_is_nobodys(tmp_path, other):
    """Frame 7 shows nobody, frame 8 and 9 somebody who was not recognised."""
    seen = [(f, 100.0, 0.1) for f in range(N)] + [(f, 300.0, 0.9) for f in (1, 2, 8, 9)]
    seen[7] = (7, np.nan, np.nan)
    names = ["Person_0"] * N + [other, other, None, None]
    names[7] = None
    if other is None:  # nobody else has a name, and two faces stand in no frame
        seen, names = seen[:8] + seen[-2:] + seen[10:N], names[:8] + names[-2:] + names[10:N]
    path = boxes(tmp_path / "f.csv", seen, Identity=names)
    said = rf"f\.csv: 2 of {len(seen)} rows hold a face and no Identity and are left out, the first"
    with pytest.warns(QualityWarning, match=said) as warned:
        track = read_au_table(path, reading=choose(face=other and "Person_0", fps=25))
    assert len(warned) == 1
    assert len(track) == N - (0 if other else 2)
    assert np.isnan(track.of("AU12")[7])
    assert set(np.delete(track.of("AU12"), 7)) == {0.1}
    if other:
        assert faces_in_table(path) == ("Person_0", "Person_1")


def test_one_identity_for_all_faces_tells_none_apart(tmp_path):
    seen = [(f, x, s) for f in range(N) for x, s in ((300.0, 0.9), (100.0, 0.1))]
    path = boxes(tmp_path / "f.csv", seen, Identity=["Person_0"] * (2 * N - 1) + [None])
    assert faces_in_table(path) == ("0", "1")
    assert set(read_au_table(path, reading=choose(face="left", fps=25)).of("AU12")) == {0.1}


@pytest.mark.parametrize("people", [1, 2])
def test_a_false_detection_does_not_decide_how_many_people_there_are(tmp_path, people):
    """In one frame a poster between the two is taken for a face; in one nobody is seen."""
    seen = [(f, x, s) for f in range(N) for x, s in ((100.0, 0.1), (300.0, 0.9))[:people]]
    seen = [row for row in seen if row[0] != 9] + [(9, np.nan, np.nan), (5, 215.0, 0.5)]
    path = boxes(tmp_path / "f.csv", sorted(seen))
    assert faces_in_table(path) == tuple("01"[:people])
    for face, smile in {"left": 0.1, "right": (0.1, 0.9)[people - 1]}.items():
        with pytest.warns(QualityWarning, match=r"1 of \d+ rows hold a face too many in their"):
            track = read_au_table(path, reading=choose(face=face, fps=25))
        values = track.of("AU12")
        assert set(values[np.isfinite(values)]) == {smile}
        assert len(track) == N - (face == "right" and people == 2)


def test_a_person_who_is_seen_now_and_then_is_a_person(tmp_path):
    """In most frames only one of the two is found: no frame may go to the other."""
    rng = np.random.default_rng(1)
    seen = []
    for f in range(N):
        both = [(f, 100.0 + rng.normal(), 0.1), (f, 300.0 + rng.normal(), 0.9)]
        seen += both if f % 5 == 0 else [both[f % 2]]
    path = boxes(tmp_path / "f.csv", sorted(seen))
    for face, smile in (("left", 0.1), ("right", 0.9)):
        assert set(read_au_table(path, reading=choose(face=face, fps=25)).of("AU12")) == {smile}


def test_missing_first_frames_do_not_move_the_others(tmp_path):
    """OpenFace counts frames from 1, Py-Feat from 0; neither is moved to its first row."""
    late = openface(tmp_path / "o.csv", frame=np.arange(11, 11 + N), timestamp=None)
    assert read_au_table(late, reading=choose(fps=10)).times_s[0] == pytest.approx(1.0)
    late = feat(tmp_path / "f.csv", np.arange(10, 10 + N))
    assert read_au_table(late, reading=choose(fps=10)).times_s[0] == pytest.approx(1.0)
    skipped = feat(tmp_path / "s.csv", np.arange(0, 24 * N, 24))
    with pytest.warns(QualityWarning, match=r"rows lie 1 s apart.*was every frame analysed"):
        track = read_au_table(skipped, reading=choose(fps=24))
    np.testing.assert_allclose(track.times_s, np.arange(N, dtype=float))
    known = read_au_table(late, times_s=5 + np.arange(100) / 10)
    assert known.times_s[0] == pytest.approx(6.0)


def test_codes_for_missing_are_said_and_never_guessed(tmp_path):
    smile = np.where(np.arange(N) == 4, -999.0, 0.5)
    path = feat(tmp_path / "f.csv", np.arange(N), smile=smile)
    with pytest.warns(QualityWarning, match=r"'AU12' holds -999 in 1 cells.*write n/a"):
        track = read_au_table(path, reading=choose(fps=25))
    assert track.of("AU12")[4] == -999


def test_the_video_gives_the_times_of_its_frames(tmp_path, clips):
    video = clips / "face_noface.mov"
    with VideoReader(video) as reader:
        times = np.array([f.time_s for f in reader.frames(part=1, parts=2, block=1 << 60)])
    path = feat(tmp_path / "f.csv", [4, 6, 7])
    track = read_au_table(path, reading=choose(video=str(video)))
    assert track.times_s.tolist() == times[[4, 6, 7]].tolist()
    assert track.provenance["times"] == {"from": "the video's frames"}
    beyond = feat(tmp_path / "g.csv", [4, 8, 5000])
    with pytest.raises(TableError, match=r"frame 5000, but the video has \d+ frames"):
        read_au_table(beyond, reading=choose(video=str(video)))


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (40.0 * np.arange(N), "looks like milliseconds"),
        (1.7e12 + 40.0 * np.arange(N), "looks like milliseconds"),
        (1.0 + np.arange(N), "looks like frame numbers"),
        (40_000.0 * np.arange(N), "looks like microseconds"),
        (np.repeat(np.arange(N / 2) / 25, 2), "ms apart|15 repeated"),
        (np.r_[0, 0.04, 0.04, np.arange(3, N) / 25], r"1 repeated.*line 4"),
        (np.r_[0, 0.04, 0.02, np.arange(3, N) / 25], r"1 going back.*line 4"),
        (np.r_[0, np.nan, np.arange(2, N) / 25], "1 of 30 rows have no time, the first in line 3"),
    ],
)
def test_times_that_are_none_are_recognised(tmp_path, times, said):
    path = openface(tmp_path / "o.csv", timestamp=times)
    with pytest.raises(TableError, match=said):
        read_au_table(path)
    assert len(read_au_table(path, reading=choose(fps=25))) == N


def test_unix_seconds_stay_what_they_are(tmp_path):
    path = openface(tmp_path / "o.csv", timestamp=1.7e9 + np.arange(N) / 25)
    assert read_au_table(path).times_s[0] == 1.7e9


@pytest.mark.parametrize("tool", ["openface", "feat", "libreface"])
def test_frames_below_the_limit_are_masked_and_counted(tmp_path, tool):
    score = np.where(np.arange(N) % 3 == 0, 0.75, 0.9)
    path = tmp_path / "t.csv"
    if tool == "openface":
        openface(path, confidence=score)
    elif tool == "feat":
        feat(path, np.arange(N), FaceScore=score)
    else:
        columns = {"frame_time_in_ms": 40.0 * np.arange(N), "frame_idx": np.arange(N)}
        columns |= {"au_12_intensity": np.ones(N), "face_detection_score": score}
        pd.DataFrame(columns).to_csv(path, index=False)
    fps = None if tool == "libreface" else 25.0
    with pytest.warns(QualityWarning, match=r"t\.csv: 10 of 30 .*33%.* below 0\.8"):
        track = read_au_table(path, reading=choose(fps=fps))
    assert track.names == ("AU12",)
    assert track.times_s[2] == pytest.approx(0.08)
    assert track.tracked.all()
    assert np.flatnonzero(track.quality["plausible"] == 0).tolist() == list(range(0, N, 3))
    quality = quality_of(track)
    assert quality["tracked_fraction"] == 1.0
    assert quality["share_of_tracked_frames"] == {
        "plausible": pytest.approx(2 / 3), "pose_ok": None, "blink": None,
    }  # fmt: skip
    assert (
        read_au_table(path, reading=choose(fps=fps, min_confidence=0.7)).quality["plausible"] == 1
    ).all()


def test_a_limit_without_a_confidence_and_percents_are_refused(tmp_path):
    path = openface(tmp_path / "o.csv", confidence=None)
    with pytest.raises(TableError, match=r"no column of confidence"):
        read_au_table(path, reading=choose(min_confidence=0.5))
    path = openface(tmp_path / "p.csv", confidence=98)
    with pytest.raises(TableError, match=r"holds 98 in line 2, expected 0 to 1"):
        read_au_table(path)


def test_a_plain_table_with_action_units_is_told_from_a_tools_table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,AU04,AU12\n0,1,2\n0.04,1,2\n")
    with pytest.raises(
        TableError, match=r"holds AU04, AU12 beside a column of times.*scale is unk"
    ):
        read_au_table(path)


def test_a_table_given_to_extract_is_named(tmp_path):
    from mimicry.errors import RecordingError
    from mimicry.pipeline import extract_recording

    path = openface(tmp_path / "o.csv")
    with pytest.raises(RecordingError, match=r"an OpenFace table, expected a video.*mimicry score"):
        extract_recording(path, tmp_path / "out")


def test_a_table_has_no_picture(tmp_path):
    path = openface(tmp_path / "o.csv")
    with pytest.raises(TableError, match=r"no picture to cut \(key: `roi_px`\)"):
        read_au_table(path, reading=choose(roi_px=(0, 0, 10, 10)))
