"""Bad input to `mimicry score`: one sentence with file and key, exit 2, nothing written."""

import subprocess
import sys
from pathlib import Path

import pytest

from mimicry.files import asset_folder


def _beh() -> Path:
    return asset_folder("sample_data") / "sub-01" / "beh"


def _score(recording: Path, events: Path, out: Path, *, protocol: str = "") -> tuple[int, str]:
    own = str(asset_folder("sample_data") / "protocol.yaml")
    done = subprocess.run(
        [sys.executable, "-c", "from mimicry.cli import main; main()", "score", str(recording),
         "--events", str(events), "--protocol", protocol or own, "--out", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


VIDEO = "sub-01_task-sample_video.mp4"
EVENTS = "sub-01_task-sample_events.tsv"


def _changed_events(folder: Path, change: tuple[str, str], *, header_only: bool = False) -> Path:
    text = (_beh() / EVENTS).read_text(encoding="utf-8")
    head, _, body = text.partition("\n")
    changed = head.replace(*change) + "\n" + (body if header_only else body.replace(*change))
    path = folder / "changed_events.tsv"
    path.write_text(changed, encoding="utf-8")
    return path


def test_a_missing_recording(tmp_path: Path) -> None:
    code, err = _score(tmp_path / "none.mp4", _beh() / EVENTS, tmp_path / "out")
    assert code == 2
    assert "none.mp4" in err
    assert not (tmp_path / "out").exists()


def test_missing_events(tmp_path: Path) -> None:
    code, err = _score(_beh() / VIDEO, tmp_path / "none.tsv", tmp_path / "out")
    assert code == 2
    assert "none.tsv" in err
    assert not (tmp_path / "out").exists()


def test_events_without_an_onset_column(tmp_path: Path) -> None:
    events = _changed_events(tmp_path, ("onset", "start"), header_only=True)
    code, err = _score(_beh() / VIDEO, events, tmp_path / "out")
    assert code == 2
    assert "changed_events.tsv" in err
    assert "onset" in err


def test_an_unknown_stimulus_names_the_nearest(tmp_path: Path) -> None:
    events = _changed_events(tmp_path, ("happy-m01-dynamic", "happy-x99-dynamic"))
    code, err = _score(_beh() / VIDEO, events, tmp_path / "out")
    assert code == 2
    assert "happy-x99-dynamic" in err
    assert "did you mean 'happy-" in err


def test_an_unknown_protocol_names_the_nearest(tmp_path: Path) -> None:
    code, err = _score(
        _beh() / VIDEO, _beh() / EVENTS, tmp_path / "out", protocol="dynamic-happy-angri"
    )
    assert code == 2
    assert "dynamic-happy-angry" in err


def test_an_output_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    code, err = _score(_beh() / VIDEO, _beh() / EVENTS, tmp_path / "file" / "out")
    assert code == 2
    assert "--out" in err


@pytest.mark.parametrize("content", [b"", b"this is no video\n" * 40])
def test_a_file_that_is_no_video(tmp_path: Path, content: bytes) -> None:
    fake = tmp_path / "fake_video.mp4"
    fake.write_bytes(content)
    code, err = _score(fake, _beh() / EVENTS, tmp_path / "out")
    assert code == 2
    assert "fake_video.mp4" in err
    assert not list(tmp_path.glob("out/*"))


def test_all_onsets_outside_the_recording(tmp_path: Path, clips: Path) -> None:
    lines = (_beh() / EVENTS).read_text(encoding="utf-8").splitlines()
    moved = [lines[0]]
    for line in lines[1:]:
        onset, rest = line.split("\t", 1)
        moved.append(f"{float(onset) + 1000}\t{rest}")
    events = tmp_path / "late_events.tsv"
    events.write_text("\n".join(moved) + "\n", encoding="utf-8")
    code, err = _score(clips / "single_face.mp4", events, tmp_path / "late")
    assert code == 2
    assert "late_events.tsv" in err
    assert "onset" in err


def test_a_recording_without_a_face(tmp_path: Path, clips: Path) -> None:
    code, err = _score(clips / "no_face.mp4", _beh() / EVENTS, tmp_path / "out")
    assert code == 2
    assert "no_face.mp4" in err
    assert not list((tmp_path / "out").glob("*_scores.*"))
