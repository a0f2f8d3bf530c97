"""`--clock`: onsets count from the time stamps, from the start, or from 1970."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mimicry.errors import EventsError, InputError
from mimicry.files import read_json
from mimicry.interchange.au_table import write_au_table
from mimicry.interchange.tables import read_au_table
from mimicry.pipeline import score_recording
from mimicry.pipeline.clock import clock_of
from mimicry.records import ExtractionOptions, ReadingOptions, ScoringInputs

ZERO = 1_700_000_000.25
NAMES = ("AU01", "AU02", "AU04", "AU12")


def video(path: Path, **metadata: str) -> Path:
    start = 35 if path.suffix == ".ts" else 0  # camcorders begin after a second or two
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata)
        stream = container.add_stream("mpeg2video" if path.suffix == ".ts" else "mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for k in range(50):
            frame = av.VideoFrame.from_ndarray(
                np.full((48, 64, 3), 40 + k, dtype=np.uint8), format="rgb24"
            )
            frame.pts, frame.time_base = k + start, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def tables(folder: Path, shift_s: float = 0.0) -> tuple[Path, Path]:
    """A table of action units of 60 s, and four trials in it."""
    times = np.arange(0.0, 60.0, 0.04)
    wave = np.sin(times)
    lines = ["frame,timestamp,confidence,success," + ",".join(f"{n}_r" for n in NAMES)]
    lines += [
        f"{k + 1},{t:.3f},1,1" + f",{w:.4f}" * len(NAMES)
        for k, (t, w) in enumerate(zip(times, wave, strict=True))
    ]
    recording = folder / "sub-01_task-x_au.csv"
    recording.write_text("\n".join(lines) + "\n")
    events = folder / "sub-01_task-x_events.tsv"
    kinds = ["happy", "neutral", "angry", "neutral"]
    rows = [
        f"{5.0 + 12 * k + shift_s:.3f}\t{kind}\t{kind}-m01-dynamic" for k, kind in enumerate(kinds)
    ]
    events.write_text("onset\ttrial_type\tstimulus\n" + "\n".join(rows) + "\n")
    return recording, events


def scored(recording: Path, events: Path, out: Path, clock: str) -> tuple[bytes, dict[str, object]]:
    made = score_recording(
        recording,
        ScoringInputs(events, "dynamic-happy-angry"),
        out,
        options=ExtractionOptions(reading=ReadingOptions(clock=clock)),
    )
    return made.files["scores"].read_bytes(), read_json(made.files["sidecar"])


def test_unix_onsets_give_the_scores_of_the_same_onsets_in_seconds(tmp_path: Path) -> None:
    plain, head = scored(*tables(tmp_path), tmp_path / "a", "container")
    assert head["clock"] == {"clock": "container", "shift_s": 0.0, "container_start_s": None}
    about = tmp_path / "sub-01_task-x_recording.json"
    about.write_text(json.dumps({"time_zero_unix_s": ZERO}))
    unix, head = scored(*tables(tmp_path, ZERO), tmp_path / "b", "unix")
    assert unix == plain
    assert head["clock"]["shift_s"] == -ZERO
    with pytest.raises(EventsError, match="4 would lie inside with `clock='unix'`"):
        scored(*tables(tmp_path, ZERO), tmp_path / "c", "container")


def test_unix_without_a_known_beginning_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not known at what unix time.*_recording\.json"):
        scored(*tables(tmp_path, ZERO), tmp_path / "b", "unix")


def test_a_table_without_a_container_starts_at_0(tmp_path: Path) -> None:
    recording, events = tables(tmp_path)
    assert clock_of(recording, events, ReadingOptions(clock="start")).shift_s == 0


@pytest.mark.parametrize("first_s", [0.1, 1.4])
def test_a_table_that_does_not_begin_at_0_has_an_unknown_start(
    tmp_path: Path, first_s: float
) -> None:
    """Its times may be those of a camcorder, or its first rows are missing."""
    recording, events = tables(tmp_path)
    text = recording.read_text().splitlines()
    rows = [row.split(",") for row in text[1:]]
    later = [",".join([r[0], f"{float(r[1]) + first_s:.3f}", *r[2:]]) for r in rows]
    recording.write_text("\n".join([text[0], *later]) + "\n")
    with pytest.raises(InputError, match=r"task-x_au\.csv.*not known where.*`clock='container'`"):
        clock_of(recording, events, ReadingOptions(clock="start"))
    assert clock_of(recording, events, ReadingOptions()).start_s is None
    counted = ReadingOptions(clock="start", fps=25)  # times count from frame 0 then
    assert clock_of(recording, events, counted).shift_s == 0


@pytest.mark.parametrize("format", ["parquet", "csv", "openface"])
def test_own_tables_start_where_their_sidecar_says(tmp_path: Path, format: str) -> None:  # noqa: A002
    source, events = tables(tmp_path)
    track = replace(read_au_table(source), provenance={"video": {"container_start_s": 1.4}})
    made = write_au_table(tmp_path, "own", track, format=format)
    start = ReadingOptions(clock="start")
    assert clock_of(made["au"], events, start).shift_s == 1.4
    made["sidecar"].unlink()
    if format == "openface":  # as good as OpenFace's own, which counts from 0
        assert clock_of(made["au"], events, start).shift_s == 0
        write_au_table(tmp_path, "own", track)  # the sidecar of another table
        assert clock_of(made["au"], events, start).shift_s == 0
    else:
        with pytest.raises(InputError, match="not known where this recording begins"):
            clock_of(made["au"], events, start)


def test_landmarks_of_before_the_start_was_noted_are_refused(tmp_path: Path) -> None:
    from mimicry.interchange.landmark_file import LandmarkWriter
    from mimicry.records import LandmarkTrack

    def landmarks(video: dict[str, float]) -> Path:
        path = tmp_path / "old_landmarks.parquet"
        with LandmarkWriter(path, (64, 48)) as writer:
            writer.add(
                LandmarkTrack(
                    times_s=np.arange(3.0),
                    points_px=np.zeros((3, 478, 3), np.float32),
                    blendshapes=np.zeros((3, 52), np.float32),
                    head_pose=np.zeros((3, 4, 4)),
                    luminance=np.zeros(3),
                    sharpness=np.zeros(3),
                    image_size_px=(64, 48),
                )
            )
            writer.finish({"video": video})
        return path

    start, events = ReadingOptions(clock="start"), tmp_path / "x_events.tsv"
    assert clock_of(landmarks({"container_start_s": 1.4}), events, start).shift_s == 1.4
    with pytest.raises(InputError, match="Score the video itself"):
        clock_of(landmarks({}), events, start)


def test_a_transport_stream_starts_where_its_container_says(tmp_path: Path) -> None:
    recording = video(tmp_path / "face.ts")
    found = clock_of(recording, tmp_path / "x_events.tsv", ReadingOptions(clock="start"))
    with av.open(str(recording)) as container:
        assert found.shift_s == pytest.approx(container.start_time / 1e6)
    assert found.shift_s > 0.5


def test_creation_time_serves_where_nothing_better_is_there(tmp_path: Path) -> None:
    recording = video(tmp_path / "face.mp4", creation_time="2026-03-01T10:00:00.000000Z")
    found = clock_of(recording, tmp_path / "x_events.tsv", ReadingOptions(clock="unix"))
    assert found.unix_zero_s == 1772359200.0
    assert "1 s" in str(found)
    assert found.rough
    (tmp_path / "face_recording.json").write_text('{"time_zero_unix_s": 1772359201.5}')
    found = clock_of(recording, tmp_path / "x_events.tsv", ReadingOptions(clock="unix"))
    assert found.unix_zero_s == 1772359201.5
    assert not found.rough


def test_a_broken_description_stops_only_who_needs_it(tmp_path: Path) -> None:
    recording, events = tables(tmp_path)
    (tmp_path / "sub-01_task-x_recording.json").write_text("[]")
    assert clock_of(recording, events, ReadingOptions()).shift_s == 0
    with pytest.raises(InputError, match=r"_recording\.json"):
        clock_of(recording, events, ReadingOptions(clock="unix"))
