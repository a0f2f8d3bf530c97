"""What disturbs a recording stands on its result line, in its quality file and on the console."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import mimicry
from mimicry.capture.video import VideoReader
from mimicry.cli import app
from mimicry.cli._hints import typed
from mimicry.errors import QualityWarning
from mimicry.files import asset_folder
from mimicry.report.numbers import percent

SAMPLE = "sub-01_task-sample"


def run(*words):
    result = CliRunner().invoke(app, [str(w) for w in (*words, "--jobs", 1)])
    assert result.exit_code == 0, result.output
    said = [s.removeprefix("warning: ") for s in result.stderr.splitlines() if "warning: " in s]
    return result.stdout, said


def as_options(warnings):
    """Files name parameters; the console shows the options of the command."""
    return [typed(text, {"face": "--face", "roi_px": "--roi"}) for text in warnings]


def qc_of(folder, stem):
    return json.loads((folder / f"{stem}_qc.json").read_text())


@pytest.fixture(scope="module")
def beh():
    return asset_folder("sample_data") / "sub-01" / "beh"


@pytest.fixture(scope="module")
def faces(beh):
    """Some pictures of the sample's face, small."""
    import cv2

    with VideoReader(beh / f"{SAMPLE}_video.mp4") as video:
        wanted = [f.rgb for f in video.frames() if f.index < 12]
    return [cv2.resize(p, (320, 240), interpolation=cv2.INTER_AREA) for p in wanted]


@pytest.fixture(scope="module")
def two_people(make_video, faces, tmp_path_factory):
    """A film of two people in which half a second is missing."""
    pictures = [np.concatenate([p, p[:, ::-1]], axis=1) for p in faces]
    times = [k / 25 + (0.5 if k > 7 else 0.0) for k in range(len(pictures))]
    path = tmp_path_factory.mktemp("two") / "two.mp4"
    return make_video(
        path, frames=12, size=(640, 240), times_s=times, pictures=pictures.__getitem__
    )


def test_several_people_and_holes_are_told_the_same_way_everywhere(two_people, tmp_path):
    line, said = run("extract", two_people, "--out", tmp_path)
    assert "12 frames, a face in 12 (100 %), usable " in line
    assert "several faces in 12, 1 hole in time" in line
    several, hole = said
    assert several == (
        "two.mp4: several faces in 12 of 12 frames, the largest was followed. "
        "Choose with --face left, --face right or --roi X,Y,W,H."
    )
    assert hole == "two.mp4: 1 hole in time without frames: 0.54 s after 0.28 s"
    qc = qc_of(tmp_path, "two")
    assert as_options(qc["warnings"]) == said
    assert qc["timing"]["holes"] == [[pytest.approx(0.28), pytest.approx(0.54)]]
    assert f"usable {qc['usable_frames']} ({percent(qc['usable_fraction'])})" in line
    again = run("extract", two_people, "--out", tmp_path)
    assert again == (line.replace("\n", " (there already)\n"), said)


def test_in_memory_it_is_said_too(two_people):
    with pytest.warns(QualityWarning) as caught:
        mimicry.extract(two_people)
    assert [str(w.message).split(" in ")[0] for w in caught] == [
        "two.mp4: several faces",
        "two.mp4: 1 hole",
    ]


def test_who_was_chosen_is_not_asked_for_again(two_people, tmp_path):
    _, said = run("extract", two_people, "--out", tmp_path / "left", "--face", "left")
    assert [text for text in said if "several" in text] == []
    assert qc_of(tmp_path / "left", "two")["reading"] == {"face": "left"}
    line, _ = run("extract", two_people, "--out", tmp_path / "part", "--roi", "320,0,320,240")
    assert "several" not in line
    assert qc_of(tmp_path / "part", "two")["reading"] == {"roi_px": [320, 0, 320, 240]}


@pytest.fixture(scope="module")
def late(make_video, faces, tmp_path_factory):
    """The right person alone, the left one alone, then both."""
    pictures = []
    for k, picture in enumerate(faces[:10]):
        left, right = (np.full_like(picture, 90) if k < 4 else picture), picture[:, ::-1]
        right = np.full_like(picture, 90) if k in (4, 5) else right
        pictures.append(np.concatenate([left, right], axis=1))
    path = tmp_path_factory.mktemp("late") / "late.mp4"
    return make_video(path, frames=10, size=(640, 240), pictures=pictures.__getitem__)


@pytest.mark.parametrize(("side", "seen"), [("left", [4, 5]), ("right", [0, 1, 2, 3])])
def test_who_was_there_before_both_were_seen_does_not_depend_on_blocks(
    late, tmp_path, monkeypatch, side, seen
):
    from mimicry.interchange.landmark_file import read_landmarks
    from mimicry.landmarks import extract
    from mimicry.records import ReadingOptions

    for block in (64, 4, 1):
        monkeypatch.setattr(extract, "BLOCK_FRAMES", block)
        _, said = run("extract", late, "--out", tmp_path / str(block), "--face", side)
    assert [text.partition(" before")[0] for text in said] == ["late.mp4: in 6 frames"]
    files = [(tmp_path / str(b) / "late_landmarks.parquet").read_bytes() for b in (64, 4, 1)]
    assert files[0] == files[1] == files[2]
    track = read_landmarks(tmp_path / "1" / "late_landmarks.parquet")
    wanted = np.isin(np.arange(10), [*seen, 6, 7, 8, 9])
    assert track.tracked.tolist() == wanted.tolist()
    qc = qc_of(tmp_path / "1", "late")
    assert qc["frames_of_another_face"] == (~wanted).sum()
    assert qc["frames_before_two_faces"] == 6
    with pytest.warns(QualityWarning, match="6 frames before"):
        again = mimicry.extract(late, reading=ReadingOptions(face=side))
    assert again.tracked.tolist() == wanted.tolist()
    whole = extract.extract_landmarks(late, reading=ReadingOptions(face=side))
    assert whole.tracked.tolist() == wanted.tolist()


def test_left_of_one_person_is_that_person_and_said(make_video, faces, tmp_path):
    path = make_video(tmp_path / "one.mp4", frames=3, size=(320, 240), pictures=faces.__getitem__)
    line, said = run("extract", path, "--out", tmp_path, "--face", "left")
    assert "a face in 3" in line
    assert [text.partition(";")[0] for text in said] == ["one.mp4: no frame shows two faces"]


def test_usable_frames_are_those_that_scoring_does_not_mask(beh, tmp_path, two_people):
    from mimicry.interchange.tables import read_au_table
    from mimicry.records import ScoringSettings
    from mimicry.timeline.masking import masked

    run("extract", two_people, "--out", tmp_path)
    track = masked(read_au_table(tmp_path / "two_au.parquet"), ScoringSettings({}))
    usable = np.isfinite(track.of("AU12"))
    assert qc_of(tmp_path, "two")["usable_frames"] == usable.sum()


def test_a_film_without_a_face_says_what_was_looked_at_and_shows_it(make_video, tmp_path):
    import cv2

    path = make_video(tmp_path / "wall.mp4", frames=4)
    _, said = run("extract", path, "--out", tmp_path / "out", "--roi", "8,4,65,41")
    assert len(said) == 1
    for part in ("of 4 frames", "96x64", "the part 8,4,65,41", "brightness 1", "--debug-frame"):
        assert part in said[0], said[0]
    # the advice works on results that are there already
    _, again = run(
        "extract", path, "--out", tmp_path / "out", "--roi", "8,4,65,41", "--debug-frame"
    )
    assert again == said
    picture = cv2.imread(str(tmp_path / "out" / "wall_first_frame.png"))[..., ::-1]
    with VideoReader(path, roi_px=(8, 4, 65, 41)) as video:
        assert np.array_equal(picture, next(f.rgb for f in video))


def test_a_first_picture_of_what_holds_none_is_refused(beh, make_video, tmp_path):
    run("extract", make_video(tmp_path / "wall.mp4", frames=2), "--out", tmp_path)
    landmarks = tmp_path / "wall_landmarks.parquet"
    words = ["extract", str(landmarks), "--out", str(tmp_path / "b"), "--debug-frame"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "holds no picture to save (key: --debug-frame)" in result.stderr


@pytest.fixture(scope="module")
def study(beh, two_people, tmp_path_factory):
    """A study of one person, whose neighbour is in the picture."""
    root = tmp_path_factory.mktemp("study")
    folder = root / "sub-01" / "beh"
    folder.mkdir(parents=True)
    shutil.copy(asset_folder("sample_data") / "protocol.yaml", root)
    shutil.copy(two_people, folder / f"{SAMPLE}_video.mp4")
    rows = (beh / f"{SAMPLE}_events.tsv").read_text().splitlines()
    names = rows[0].split("\t")
    first = rows[1].split("\t")
    first[names.index("onset")] = "0.2"
    (folder / f"{SAMPLE}_events.tsv").write_text("\n".join([rows[0], "\t".join(first)]) + "\n")
    return root


def test_score_says_it_too_and_again_when_nothing_is_left_to_do(study, tmp_path):
    folder = study / "sub-01" / "beh"
    video, events = (folder / f"{SAMPLE}_{kind}" for kind in ("video.mp4", "events.tsv"))
    words = ["score", video, "--events", events, "--protocol", study / "protocol.yaml"]
    words += ["--out", tmp_path, "--neutral", "0:0.3"]
    text, said = run(*words)
    qc = qc_of(tmp_path, SAMPLE)
    assert any("several faces in 12 of 12" in s for s in said)
    assert any("1 hole in time" in s for s in said)
    assert as_options(qc["warnings"]) == said
    line = f"12 frames, a face in 12 (100 %), usable {qc['usable_frames']} "
    assert line in text
    text, again = run(*words)
    assert again == said
    assert line in text


def test_score_of_a_film_without_a_face_says_what_was_looked_at(study, make_video, tmp_path):
    video = make_video(tmp_path / "wall.mp4", frames=12)
    events = study / "sub-01" / "beh" / f"{SAMPLE}_events.tsv"
    words = ["score", video, "--events", events, "--protocol", study / "protocol.yaml"]
    words += ["--out", tmp_path / "out", "--jobs", 1, "--debug-frame"]
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exit_code == 2
    error = result.stderr.splitlines()[-1]
    for part in ("error: ", "wall.mp4: no face", "of 12 frames", "96x64", "--debug-frame"):
        assert part in error, error
    assert (tmp_path / "out" / "wall_first_frame.png").exists()


def test_batch_says_it_too_and_again_when_nothing_is_left_to_do(study):
    envelopes = []
    for _ in range(2):
        text, said = run("batch", study, "--json", "--debug-frame")
        envelopes.append(json.loads(text))
        assert said == envelopes[-1]["warnings"]
        qc = qc_of(study / "derivatives" / "mimicry" / "sub-01", SAMPLE)
        assert as_options(qc["warnings"]) == said
        assert any("several faces in 12 of 12" in s for s in said)
        made = envelopes[-1]["recordings"][0]
        assert made["frames_usable"] == qc["usable_frames"]
    assert envelopes[0]["counts"]["done"] == envelopes[1]["counts"]["resumed"] == 1
    assert made["files"]["debug_frame"].endswith("_first_frame.png")
    text, _ = run("batch", study)
    share = made["frames_usable"] / 12
    assert f"sub-01_task-sample_video.mp4, a face in 100 %, usable {percent(share)}" in text
