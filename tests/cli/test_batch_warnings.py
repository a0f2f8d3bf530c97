"""A batch says of which recording every warning speaks."""

from pathlib import Path

from mimicry.batch import Batch
from mimicry.batch.work import Result
from mimicry.cli.batch import _outcome


def test_equal_warnings_of_two_recordings_stay_two() -> None:
    text = "2 of 36 trials overlap another one and are not valid (3, 4)"
    results = [Result(f"sub-0{k}/beh/sub-0{k}_video.mp4", "done", warnings=[text]) for k in (1, 2)]
    results[1].warnings.append("sub-02_video.mp4: dark")
    said = _outcome(Batch(Path("out"), results)).warnings
    assert said == [
        f"sub-01/beh/sub-01_video.mp4: {text}",
        f"sub-02/beh/sub-02_video.mp4: {text}",
        "sub-02_video.mp4: dark",
    ]
