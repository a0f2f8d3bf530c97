"""The writing process of a camera recording: ``python -m mimicry.capture.writer VIDEO W H``.

Reads frames from standard input (8 bytes time in us, then W x H x 3 bytes BGR) and writes a
fragmented MP4 at a microsecond time base: what was written stays readable when the recording is
cut off.
"""

import struct
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mimicry.kernels.pictures import packed

__all__ = ["HEAD", "main", "write_frames"]

HEAD = struct.Struct("<q")
_US = Fraction(1, 1_000_000)
_KEY_US = 1_000_000


def main() -> None:
    """Write until standard input ends."""
    width, height = int(sys.argv[2]), int(sys.argv[3])
    write_frames(sys.stdin.buffer, Path(sys.argv[1]), width, height)


def write_frames(source: BinaryIO, path: Path, width: int, height: int) -> int:
    """Encode all frames of `source` and return their number."""
    import av

    size = width * height * 3
    count, last_key = 0, -_KEY_US
    options = {
        "movflags": "+frag_keyframe+empty_moov+default_base_moof",
        "video_track_timescale": "1000000",
    }
    with av.open(str(path), "w", format="mp4", options=options) as out:
        stream: Any = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = _US
        stream.options = {"preset": "veryfast", "crf": "18", "bf": "0", "tune": "zerolatency"}
        while len(head := source.read(HEAD.size)) == HEAD.size:
            body = source.read(size)
            if len(body) < size:
                break
            (stamp,) = HEAD.unpack(head)
            picture = np.frombuffer(body, np.uint8).reshape(height, width, 3)
            frame = av.VideoFrame.from_ndarray(packed(picture), format="bgr24")
            frame.pts, frame.time_base = stamp, _US
            if stamp - last_key >= _KEY_US:
                frame.pict_type = av.video.frame.PictureType.I
                last_key = stamp
            out.mux(stream.encode(frame))
            count += 1
        out.mux(stream.encode(None))
    return count


if __name__ == "__main__":
    main()
