"""Videos are read with the container's own times, whatever state they are in."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mimicry.capture.video import VideoReader
from mimicry.errors import RecordingError


def read(path):
    with VideoReader(path) as video:
        frames = list(video)
    return frames, video.report


def test_times_equal_the_packets_of_every_real_clip(clips):
    import av

    for name in ("single_face.mp4", "no_face.mp4", "face_noface.mov", "intel_yes.mkv"):
        with av.open(str(clips / name)) as container:
            stream = container.streams.video[0]
            shown = [p.pts * stream.time_base for p in container.demux(stream) if p.pts is not None]
        frames, report = read(clips / name)
        times = np.array([f.time_s for f in frames])
        expected = np.array(sorted(float(t) for t in shown if t >= 0))
        assert len(times) == report.frames
        # a container may hold packets that its edit list hides
        assert len(expected) - len(times) <= 3
        gap = np.abs(times[:, None] - expected[None, :]).min(axis=1)
        assert gap.max() < 1e-6


def test_a_variable_rate_clip_is_off_when_counted_in_frames(clips):
    frames, report = read(clips / "face_noface.mov")
    assert report.frames == 169
    assert max(abs(f.time_s - f.index / 30) for f in frames) > 0.3


def test_a_start_that_is_not_zero_is_kept(clips):
    frames, _ = read(clips / "intel_yes.mkv")
    assert frames[0].time_s == pytest.approx(0.033, abs=1e-9)


def test_uneven_times_come_back_exactly(make_video, tmp_path):
    times = np.cumsum([0.5, 0.02, 0.05, 0.4, 0.011, 0.033])
    frames, _ = read(make_video(tmp_path / "vfr.mp4", frames=6, times_s=times))
    assert np.allclose([f.time_s for f in frames], times, atol=1 / 90000)


@pytest.mark.parametrize(("degrees", "corner"), [(90, "blue"), (180, "black"), (270, "green")])
def test_rotation_metadata_is_applied(make_video, tmp_path, degrees, corner):
    def four_colours(_):
        picture = np.zeros((64, 96, 3), np.uint8)
        picture[:32, :48, 0] = picture[:32, 48:, 1] = picture[32:, :48, 2] = 255
        return picture

    plain = make_video(tmp_path / "plain.mp4", frames=3, pictures=four_colours)
    turned = rotated(plain, tmp_path / "turned.mp4", degrees)
    frames, report = read(turned)
    colours = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "black": (0, 0, 0)}
    assert np.abs(frames[0].rgb[8, 8].astype(int) - colours[corner]).max() < 30
    assert report.size_px == ((64, 96) if degrees != 180 else (96, 64))
    assert frames[0].rgb.shape[:2] == report.size_px[::-1]


def rotated(source: Path, target: Path, degrees: int) -> Path:
    """Copy an mp4 with another display matrix in its track header."""
    raw = bytearray(source.read_bytes())
    header = raw.find(b"tkhd")
    start = header + 4 + (40 if raw[header + 4] == 0 else 52)
    a, b, c, d = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[degrees]
    one = 1 << 16
    raw[start : start + 36] = struct.pack(
        ">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30
    )
    target.write_bytes(raw)
    return target


def test_a_truncated_file_keeps_what_decodes_and_says_so(make_video, tmp_path):
    whole = make_video(
        tmp_path / "a.mp4", frames=60, container_options={"movflags": "faststart"}
    ).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    frames, report = read(cut)
    assert 5 < len(frames) < 60
    assert report.truncated
    webm = make_video(tmp_path / "b.webm", frames=60, codec="libvpx").read_bytes()
    (tmp_path / "cut.webm").write_bytes(webm[: len(webm) * 2 // 3])
    _, report = read(tmp_path / "cut.webm")
    assert report.truncated


def test_an_intact_file_is_not_called_truncated(make_video, tmp_path, clips):
    for path in (
        make_video(tmp_path / "a.mp4"),
        make_video(tmp_path / "sound.mp4", audio=True),
        *sorted(clips.glob("*.m*")),
    ):
        assert not read(path)[1].truncated, path.name


def test_a_browser_webm_without_duration_reads_to_its_end(make_video, tmp_path):
    live = make_video(
        tmp_path / "live.webm", frames=45, codec="libvpx", container_options={"live": "1"}
    )
    frames, report = read(live)
    assert report.declared_duration_s is None
    assert len(frames) == 45
    assert not report.truncated


def test_corrupt_frames_are_counted_and_the_same_every_time(make_video, tmp_path):
    raw = bytearray(make_video(tmp_path / "a.mp4", frames=60).read_bytes())
    body = raw.find(b"mdat")
    end = raw.find(b"moov")
    end = len(raw) if end < body else end
    for k in range(body + (end - body) // 2, end - 200, 97):
        raw[k] ^= 0xFF
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(raw)
    frames, report = read(damaged)
    again, _ = read(damaged)
    assert report.corrupt_frames + report.decode_errors > 0
    assert sum(f.corrupt for f in frames) == report.corrupt_frames
    assert len(frames) == len(again)
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(frames, again, strict=True))


def test_parts_see_the_same_frames_and_convert_only_their_own(make_video, tmp_path):
    path = make_video(tmp_path / "a.mp4", frames=20)
    whole, _ = read(path)
    for part in range(3):
        with VideoReader(path) as video:
            frames = list(video.frames(part=part, parts=3, block=4))
        assert [f.time_s for f in frames] == [f.time_s for f in whole]
        for frame, judge in zip(frames, whole, strict=True):
            if (frame.index // 4) % 3 == part:
                assert np.array_equal(frame.rgb, judge.rgb)
            else:
                assert frame.rgb is None


def test_the_file_closes_when_the_consumer_stops(make_video, tmp_path):
    path = make_video(tmp_path / "a.mp4")
    reader = VideoReader(path)
    frames = iter(reader)
    next(frames)
    frames.close()
    with pytest.raises(Exception, match="not open"):
        next(reader._container.demux(reader._stream))


def test_what_is_no_video_is_refused_in_one_sentence(make_video, tmp_path):
    text, empty = tmp_path / "text.mp4", tmp_path / "empty.mp4"
    text.write_text("dear diary\n" * 50)
    empty.touch()
    no_index = tmp_path / "no_index.mp4"
    whole = make_video(tmp_path / "a.mp4", frames=60).read_bytes()
    no_index.write_bytes(whole[: len(whole) // 2])
    sound = make_video(tmp_path / "sound.mp4", frames=0, audio=True)
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nhttp://192.0.2.1/a.ts\n")
    for path, words in {
        tmp_path / "missing.mp4": "not found",
        tmp_path: "folder",
        text: "not a readable video",
        empty: "empty",
        no_index: "index",
        sound: "no video track",
        playlist: "not a readable video",
    }.items():
        with pytest.raises(RecordingError, match=words) as caught:
            read(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_file_without_read_permission_is_refused(make_video, tmp_path, mere_mortal):
    path = make_video(tmp_path / "closed.mp4")
    path.chmod(0)
    code = f"from mimicry.capture.video import VideoReader\nVideoReader({str(path)!r}).__enter__()"
    command = [*mere_mortal, sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.stderr.rstrip().endswith("closed.mp4: may not be read (permission denied)")


def test_a_track_without_one_frame_is_refused(tmp_path):
    import av

    path = tmp_path / "zero.mp4"
    with av.open(str(path), "w", options={"movflags": "frag_keyframe+empty_moov"}) as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        out.start_encoding()
    with pytest.raises(RecordingError, match="not one frame"):
        read(path)


def test_a_title_that_is_not_utf8_does_not_matter(make_video, tmp_path):
    path = make_video(tmp_path / "a.mkv", title="J-rgen")
    path.write_bytes(path.read_bytes().replace(b"J-rgen", b"J\xfcrgen"))
    frames, _ = read(path)
    assert len(frames) == 30


def test_a_packet_without_content_repeats_a_frame_and_ends_nothing():
    """Made with ffmpeg: testsrc=s=32x32:r=25:d=2, libtheora, -b:v 1k -g 64 -bitexact."""
    import av

    path = Path(__file__).with_name("theora_repeats.ogv")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        sizes = {p.pts: p.size for p in container.demux(stream) if p.pts is not None}
    frames, report = read(path)
    assert len(sizes) == 50
    assert [round(f.time_s * 25) for f in frames] == [pts for pts, size in sizes.items() if size]
    assert report.repeated_frames == 50 - len(frames) > 5
    assert report.decode_errors == 0
    assert not report.truncated


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "libx264"), ("a.webm", "libvpx-vp9"), ("a.wmv", "wmv2"), ("a.mp4", "libx264")],
)
def test_a_late_start_is_no_missing_end(make_video, tmp_path, name, codec):
    times = [5 + k / 30 for k in range(60)]
    path = make_video(tmp_path / name, codec=codec, times_s=times, frames=60)
    _, report = read(path)
    assert report.first_time_s == pytest.approx(5, abs=0.001)
    assert report.declared_duration_s == pytest.approx(7, abs=0.1)
    assert not report.truncated
    if path.suffix in (".mkv", ".webm"):  # others keep their index at the end
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        assert read(path)[1].truncated


@pytest.mark.parametrize(("name", "start"), [("a.ts", 1.4), ("a.mkv", 2.0), ("a.mp4", 0.0)])
def test_where_a_container_starts_is_told_and_moves_no_frame(make_video, tmp_path, name, start):
    times = [start + k / 30 for k in range(10)]
    frames, report = read(make_video(tmp_path / name, times_s=times, frames=10))
    first = frames[0].time_s
    assert report.container_start_s == pytest.approx(first, abs=0.001)
    assert start - 0.001 <= first < start + 0.1  # a transport stream adds its own delay
