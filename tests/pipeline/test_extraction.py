"""From one video to files, by whichever way: the same numbers."""

from dataclasses import replace

import numpy as np
import pytest

import mimicry
from mimicry.action_units import USED_LANDMARKS, measure, measure_chunks
from mimicry.errors import InputError, OutputExistsError, TableError
from mimicry.interchange.landmark_file import LandmarkFile, read_landmarks
from mimicry.pipeline import extract, extract_recording, extraction
from mimicry.records import ExtractionOptions, ReadingOptions

NEUTRAL = ExtractionOptions(neutral=[(0.5, 1.5)])
OVERWRITE = ExtractionOptions(overwrite=True)

# the small made-up videos show no face
pytestmark = pytest.mark.filterwarnings("ignore:.*no face was seen")


def assert_same(a, b):
    assert a.names == b.names
    for name in ("times_s", "intensity", "pose_deg", "blendshapes"):
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name
    for name, values in a.quality.items():
        assert np.array_equal(values, b.quality[name], equal_nan=True), name


@pytest.fixture(scope="module")
def made(clips, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return extract_recording(clips / "face_noface.mov", out, options=NEUTRAL)


def test_the_table_equals_the_measure_of_the_stored_landmarks(made):
    landmarks = read_landmarks(made.files["landmarks"])
    assert_same(made.read_track(), measure(landmarks, neutral=[(0.5, 1.5)]))


def test_reading_only_the_used_landmarks_changes_no_bit(made):
    file = LandmarkFile(made.files["landmarks"])
    some = measure_chunks(file.only(USED_LANDMARKS), neutral=[(0.5, 1.5)])
    assert_same(some, measure_chunks(file, neutral=[(0.5, 1.5)]))
    points = next(iter(file.only([1]))).points_px
    assert np.isfinite(points[0, [0, 1]]).all()
    assert np.isnan(points[:, 2:]).all()


def test_in_memory_and_on_disk_give_the_same_numbers(made, clips):
    assert mimicry.extract is extract
    track = extract(clips / "face_noface.mov", neutral=[(0.5, 1.5)])
    assert_same(track, made.read_track())
    assert_same(extract(made.files["landmarks"], neutral=[(0.5, 1.5)]), track)


@pytest.mark.parametrize(("asked", "used"), [(3, 3), (1, 1), (0, 7)])
def test_as_many_processes_work_as_are_asked_for_and_0_means_every_core(
    clips, tmp_path, monkeypatch, asked, used
):
    class AskedError(Exception):
        """Ends an extraction with the number of its processes."""

    def write(_source, _path, jobs, *_):
        raise AskedError(jobs)

    def stream(*_, jobs, **__):
        raise AskedError(jobs)

    monkeypatch.setattr(extraction, "usable_cores", lambda: 7)
    monkeypatch.setattr(extraction.LandmarkSource, "write", write)
    monkeypatch.setattr(extraction, "LandmarkStream", stream)
    options = ExtractionOptions(jobs=asked)
    with pytest.raises(AskedError) as written:
        extract_recording(clips / "face_noface.mov", tmp_path, options=options)
    with pytest.raises(AskedError) as measured:
        extract(clips / "face_noface.mov", jobs=asked)
    assert (written.value.args, measured.value.args) == ((used,), (used,))


def test_landmarks_without_their_video_give_the_same_bytes(made, tmp_path):
    again = extract_recording(made.files["landmarks"], tmp_path, options=NEUTRAL)
    for name, path in again.files.items():
        assert path.read_bytes() == made.files[name].read_bytes(), name


def test_landmarks_of_another_recording_are_not_used(made, make_video, tmp_path):
    (tmp_path / "x_landmarks.parquet").write_bytes(made.files["landmarks"].read_bytes())
    video = make_video(tmp_path / "x.mp4", frames=3)
    with pytest.raises(OutputExistsError, match="x_landmarks"):
        extract_recording(video, tmp_path)
    assert extract_recording(video, tmp_path, options=OVERWRITE).frames == 3


def test_damaged_landmarks_are_named_and_replaced_on_demand(make_video, tmp_path):
    video = make_video(tmp_path / "x.mp4", frames=3)
    (tmp_path / "x_landmarks.parquet").write_bytes(b"PAR1")
    with pytest.raises(TableError, match="x_landmarks"):
        extract_recording(video, tmp_path)
    assert extract_recording(video, tmp_path, options=OVERWRITE).frames == 3


def test_quality_tells_when_the_face_was_away(made):
    qc = made.qc
    assert qc["frames"] == 169
    assert 50 < qc["frames_with_face"] < 120
    assert qc["longest_loss_s"] > 2
    assert qc["timing"]["variable_rate"] is True
    assert qc["neutral"]["kind"] == "declared"
    assert qc["head_pose_deg"]["yaw"]["p05"] <= qc["head_pose_deg"]["yaw"]["p95"]


def test_a_choice_made_anyway_leaves_the_digest_and_any_other_does_not(make_video, tmp_path):
    video = make_video(tmp_path / "x.mp4", frames=3)
    first = extract_recording(video, tmp_path / "out")
    same = ReadingOptions(face="largest", clock="start")
    assert extract_recording(video, tmp_path / "out", options=ExtractionOptions(same)).resumed
    for other in (ReadingOptions(face="left"), ReadingOptions(roi_px=(0, 0, 40, 40))):
        with pytest.raises(OutputExistsError):
            extract_recording(video, tmp_path / "out", options=ExtractionOptions(other))
        made = extract_recording(video, tmp_path / "out", options=replace(OVERWRITE, reading=other))
        again = extract_recording(made.files["landmarks"], tmp_path / "again", options=OVERWRITE)
        chosen = read_landmarks(again.files["landmarks"]).provenance["reading"]
        assert chosen == {k: list(v) if k == "roi_px" else v for k, v in other.to_json().items()}
    assert first.frames == made.frames


def test_what_the_recording_does_not_have_is_refused_not_ignored(made, make_video, tmp_path):
    video = make_video(tmp_path / "x.mp4", frames=3)
    for wrong, option in (
        (ReadingOptions(fps=25), "`fps`"),
        (ReadingOptions(video="y.mp4"), "`video`"),
        (ReadingOptions(min_confidence=0.5), "`min_confidence`"),
        (ReadingOptions(face="2"), "`face`"),
    ):
        for do in (lambda w: extract(video, reading=w), lambda w: run(video, w, tmp_path)):
            with pytest.raises(InputError, match=option):
                do(wrong)
    for wrong, option in (
        (ReadingOptions(face="left"), "`face`"),
        (ReadingOptions(roi_px=(0, 0, 9, 9)), "`roi_px`"),
    ):
        with pytest.raises(InputError, match=option):
            extract(made.files["landmarks"], reading=wrong)
        with pytest.raises(InputError, match=option):
            run(made.files["landmarks"], wrong, tmp_path)


def run(recording, reading, folder):
    return extract_recording(recording, folder / "refused", options=ExtractionOptions(reading))
