"""A whole session in a real Chromium with a generated camera picture, converted and read back."""

from pathlib import Path
from urllib.parse import urlsplit

import av
import pandas as pd
import pytest
from driver import Visit, agree, finish, visiting
from lab import small_plan

from mimicry.errors import OutputExistsError
from mimicry.files import read_json
from mimicry.runner import timebase
from mimicry.runner.convert import convert_session
from mimicry.runner.plan import Question, Step
from mimicry.timeline import read_events

CHECK = Step(
    "check",
    "check",
    questions=(Question("attention", "Press 2.", options=("one", "two"), answer=1),),
)
PAUSE = Step("pause", "break", title="A short break", text=("Rest.",), min_s=0.3)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Take part by keyboard alone: agree, check, two trials with ratings, a check, a break."""
    folder = tmp_path_factory.mktemp("session")
    plan = small_plan(
        folder, trials=2, questions=True, image=True, extra=(PAUSE, CHECK), consent=("Agree?",)
    )
    with visiting(folder, plan) as visit:
        page, keys = visit.page, visit.page.keyboard
        agree(page)
        visit.pass_check()
        for answer in ("2", "3"):
            page.get_by_text("How happy").wait_for(timeout=60_000)
            keys.press(answer)
            page.get_by_text("How calm").wait_for()
            keys.press("Enter")  # does nothing: the slider was not moved yet
            page.wait_for_timeout(200)
            for _ in range(5):
                keys.press("ArrowRight")
            keys.press("Enter")
        page.get_by_text("A short break").wait_for(timeout=60_000)
        page.locator("button:enabled").wait_for()
        keys.press("Space")
        page.get_by_text("Press 2.").wait_for()
        keys.press("Enter")  # does nothing: no answer is chosen beforehand
        keys.press("ArrowRight")
        keys.press("ArrowRight")
        keys.press("Enter")
        finish(visit)
        assert "Thank you" in visit.text()
    return visit


@pytest.fixture(scope="module")
def files(session: Visit) -> dict[str, Path]:
    return convert_session(session.journal.folder, session.folder / "study")


def test_the_page_had_no_error_and_asked_no_other_host(session: Visit) -> None:
    assert session.errors == []
    hosts = {urlsplit(url).netloc for url in session.requests if not url.startswith("blob:")}
    assert hosts == {f"127.0.0.1:{session.server.port}"}


def test_the_videos_times_are_those_of_the_table(files: dict[str, Path]) -> None:
    table = pd.read_csv(files["frames"], sep="\t", na_values="n/a")
    with av.open(str(files["video"])) as source:
        stream = source.streams.video[0]
        assert stream.time_base.denominator == 1_000_000
        times = [int(f.pts) for f in source.decode(video=0)]
    encoded = table[table.encoded == 1]
    assert times == [round(t * 1e6) for t in encoded.timestamp]
    assert times[0] == 0
    assert list(encoded.frame) == list(range(len(times)))
    assert len(times) > 30


def test_no_stored_picture_is_ever_ahead_of_its_row(session: Visit) -> None:
    """After each stored piece: what a crash at that moment would have left."""
    journal = session.journal
    rows, pictures, met = 0, 0, 0
    stored = {s: journal.path(1, s).read_bytes() for s in ("frames", "video")}
    starts = dict.fromkeys(stored, 0)
    for line in (journal.folder / "journal.tsv").read_text().splitlines():
        name, _, end, _ = line.split("\t")
        kind = name.partition("_")[2].partition(".")[0]
        if kind not in stored:
            continue
        if kind == "frames":
            rows = stored[kind][: int(end)].count(b"\n") - 1
        else:
            at = starts[kind] or 32
            while at < int(end):
                at += 12 + int.from_bytes(stored[kind][at : at + 4], "little")
                pictures += 1
            met += 1
            assert pictures <= rows
        starts[kind] = int(end)
    assert met > 2
    assert pictures > 30


def test_the_camera_clock_was_matched_to_the_pages_clock(session: Visit) -> None:
    reported, _ = timebase.read_events(session.journal.path(1, "events"))
    (clock,) = [e for e in reported if e["type"] == "capture_clock"]
    assert clock["source"] == "capture_time"
    assert clock["n"] >= 5
    assert clock["spread_ms"] < 0.2


def test_events_can_be_scored(files: dict[str, Path]) -> None:
    trials = read_events(files["events"])
    assert trials.trial_id == ("1", "2")
    assert trials.condition == ("neutral", "happy")
    assert trials.stimulus_id == ("flash", "white")
    assert trials.columns["identity"] == ("f1", "f1")
    table = pd.read_csv(files["events"], sep="\t", na_values="n/a")
    assert list(table.onset_source) == ["rvfc", "element_timing"]
    assert list(table.phase) == ["stimulus", "stimulus"]
    assert list(table.calibrated) == [False, False]
    video_s = pd.read_csv(files["frames"], sep="\t").timestamp.iloc[-1]
    assert (table.onset > 0).all()
    assert (table.onset + table.duration < video_s).all()
    # a starved machine drops frames and stretches what is shown; it never shortens it
    assert 0.9 < table.duration[0] < 15
    assert 0.4 < table.duration[1] < 15


def test_ratings_are_kept_with_their_times(files: dict[str, Path]) -> None:
    table = pd.read_csv(files["beh"], sep="\t", na_values="n/a")
    happy = table[table.question == "happy"]
    assert list(happy.response) == [2, 3]
    assert list(happy.label) == ["A bit", "Very"]
    assert list(table[table.question == "arousal"].response) == [55, 55]
    assert list(table[table.question == "attention"].correct) == [1]
    assert (table.response_time > 0).all()


def test_the_sidecar_says_what_was_recorded(files: dict[str, Path], session: Visit) -> None:
    about = read_json(files["recording"])
    assert about["outcome"] == "finished"
    assert about["calibrated"] is False
    assert about["frames"]["in_video"] + about["frames"]["not_encoded"] > 30
    (segment,) = about["segments"]
    assert segment["page"]["isolated"] is True
    assert segment["camera"]["settings"]["width"] == 640
    assert segment["refresh"]["hz"] > 20
    assert str(session.folder) not in files["recording"].read_text()


def test_every_column_is_described(files: dict[str, Path]) -> None:
    for table, sidecar in (("events", "events_json"), ("beh", "beh_json")):
        columns = files[table].read_text().splitlines()[0].split("\t")
        assert set(columns) <= set(read_json(files[sidecar]))


def test_the_study_lists_the_participant(session: Visit, files: dict[str, Path]) -> None:
    assert (session.folder / "study" / "participants.tsv").read_text().split() == [
        "participant_id",
        "sub-01",
    ]


def test_a_second_recording_does_not_replace_the_first(
    session: Visit, files: dict[str, Path]
) -> None:
    with pytest.raises(OutputExistsError, match="already"):
        convert_session(session.journal.folder, session.folder / "study")


def test_converting_again_gives_the_same_bytes(session: Visit, files: dict[str, Path]) -> None:
    before = {name: path.read_bytes() for name, path in files.items()}
    convert_session(session.journal.folder, session.folder / "study", overwrite=True)
    assert {name: path.read_bytes() for name, path in files.items()} == before
