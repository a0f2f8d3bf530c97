"""What a container says of itself, and when a recording counts as cut short."""

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

from mimicry.capture import video
from mimicry.capture.video import (
    VideoReader,
    VideoReport,
    _declared,
    _lenient,
    _slack_s,
    created_unix_s,
)
from mimicry.errors import RecordingError


def declared(name="mp4", *, stream=None, container=None, start=0, origin=0, streams=1, frames=9):
    track = SimpleNamespace(
        duration=stream, start_time=start, time_base=Fraction(1, 1000), frames=frames,
        codec_context=SimpleNamespace(name="h264"), sample_aspect_ratio=None,
    )  # fmt: skip
    box = SimpleNamespace(
        format=SimpleNamespace(name=name), duration=container, start_time=origin,
        streams=[None] * streams,
    )  # fmt: skip
    return _declared(box, track)


def test_a_declared_end_counts_from_where_the_container_counts():
    assert declared(stream=5000, start=1500).declared_duration_s == 6.5
    assert declared(stream=5000, start=None).declared_duration_s == 5.0
    assert declared("matroska,webm", stream=5000, start=1500).declared_duration_s == 5.0
    # without a length of the track, that of the container, where there is nothing else in it
    assert declared(container=4_000_000, origin=500_000).declared_duration_s == 4.5
    assert declared(container=4_000_000, origin=None).declared_duration_s == 4.0
    assert declared("matroska,webm", container=4_000_000, origin=10).declared_duration_s == 4.0
    assert declared(container=4_000_000, streams=2).declared_duration_s is None
    assert declared().declared_duration_s is None
    report = declared(origin=2_500_000, frames=0)
    assert (report.container_start_s, report.declared_frames) == (2.5, None)
    assert (report.codec, report.container, report.pixel_aspect) == ("h264", "mp4", 1.0)
    assert (declared().declared_frames, declared(origin=None).container_start_s) == (9, None)
    assert (report.frames, report.truncated, report.untimed_frames) == (0, False, 0)


def finished(expected, last, *, frames=101, first=0.0, repeated=0.0, unusable=0):
    report = VideoReport("h264", "mp4")
    report.declared_duration_s, report.frames = expected, frames
    report.first_time_s, report.last_time_s = first, last
    report.out_of_order_frames, report.untimed_frames = unusable, 0
    reader = SimpleNamespace(report=report, path=Path("v"), _repeated_until_s=repeated)
    VideoReader._finish(reader)
    return report.truncated


def test_a_recording_may_end_half_a_second_or_two_frames_early():
    assert not finished(4.5, 4.0)
    assert finished(4.51, 4.0)
    assert not finished(4.51, 3.0, repeated=4.2)
    assert not finished(4.51, 4.0, frames=11)  # a frame every 0.4 s
    assert not finished(4.8, 4.0, frames=11)
    assert finished(4.81, 4.0, frames=11)
    assert not finished(5.5, 4.0, first=-1.0)
    assert finished(5.51, 4.0, first=-1.0)
    assert finished(5.51, 4.0, first=1.0)
    assert not finished(None, 1.0)
    for frames, first, slack in [(1, 0.0, 8.0), (5, 0.0, 2.0), (401, 0.0, 0.5), (9, 2.0, 0.5)]:
        report = SimpleNamespace(frames=frames, first_time_s=first, last_time_s=4.0)
        assert _slack_s(report) == slack


def test_a_tenth_of_the_frames_may_lack_their_time():
    assert not finished(1.0, 4.0, frames=90, unusable=10)
    with pytest.raises(RecordingError, match="11 of 101 frames have no time stamp"):
        finished(1.0, 4.0, frames=90, unusable=11)
    with pytest.raises(RecordingError, match="not one frame"):
        finished(1.0, 4.0, frames=0)


@pytest.mark.parametrize(
    ("text", "unix_s"),
    [("2024-03-01T12:00:00Z", 1709294400), ("2024-03-01T12:00:00", 1709294400),
     ("2024-03-01T12:00:00+02:00", 1709287200), ("1981-01-01T00:00:00Z", 347155200),
     ("1980-12-31T00:00:00Z", None), ("1904-01-01T00:00:00Z", None), ("soon", None), (None, None)],
)  # fmt: skip
def test_the_time_of_making_is_read_where_the_camera_had_a_clock(monkeypatch, text, unix_s):
    class Reader:
        metadata = {} if text is None else {"creation_time": text}

        def __init__(self, path):
            assert path == "v"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(video, "VideoReader", Reader)
    assert created_unix_s("v") == unix_s


def test_titles_of_any_bytes_are_asked_for_until_the_library_always_takes_them():
    assert _lenient("18.9.1") == {"metadata_errors": "ignore"}
    assert _lenient("19.0.0") == {}
