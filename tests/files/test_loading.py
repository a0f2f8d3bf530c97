"""Our own files read back: whatever lies there, it is one sentence that names the file."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landmark_files import write_landmarks
from mimicry import files
from mimicry.errors import InputError, TableError
from mimicry.interchange.landmark_file import LandmarkFile, read_landmarks
from mimicry.interchange.tables import read_au_table
from mimicry.records import LandmarkTrack

SHAPE = {"digest": str, "frames": {"n": int, "fps?": (float, None)}, "rows?": [{"id": str}]}
GOOD = {"digest": "x", "frames": {"n": 3}}

HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "cut short": b'{"digest": "x", "fra',
    "list": b"[]",
    "null": b"null",
    "number": b"7",
    "text": b'"digest"',
    "no key": b"{}",
    "wrong type": b'{"digest": 5, "frames": {"n": 3}}',
    "inner wrong type": b'{"digest": "x", "frames": []}',
    "inner text": b'{"digest": "x", "frames": {"n": "3"}}',
    "true is no number": b'{"digest": "x", "frames": {"n": true}}',
    "rows of texts": b'{"digest": "x", "frames": {"n": 3}, "rows": ["a"]}',
    "NaN": b'{"digest": "x", "frames": {"n": 3, "fps": NaN}}',
    "infinity": b'{"digest": "x", "frames": {"n": 3, "fps": 1e999}}',
    "huge number": b'{"digest": "x", "frames": {"n": ' + b"9" * 6000 + b"}}",
    "more than 64 bits": b'{"digest": "x", "frames": {"n": 99999999999999999999}}',
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "not UTF-8": '{"digest": "\u00e4", "frames": {"n": 3}}'.encode("latin-1"),
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "NUL": b'{"digest": "x\0", "frames": {"n": 3}}',
    "escaped NUL": b'{"digest": "x\\u0000", "frames": {"n": 3}}',
    "half a character": b'{"digest": "\\ud800", "frames": {"n": 3}}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_json_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(TableError, match=r"x\.json") as problem:
        files.read_json_object(path, SHAPE, kind=TableError)
    said = str(problem.value)
    assert "\n" not in said
    assert len(said) < 400
    said.encode()


def test_what_is_no_file_is_one_sentence(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as handle:
        handle.truncate(200 << 20)
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "absent.json", "file not found"),
        (huge, "200 MB"),
        (Path("/dev/zero"), "no plain file"),
        (huge / "below.json", "cannot be read"),
        (tmp_path / ("x" * 300), "cannot be read"),
    ):
        with pytest.raises(InputError, match=words):
            files.read_json(path)


def test_a_good_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert files.read_json_object(path, SHAPE) == GOOD


def test_the_key_that_is_wrong_is_named(tmp_path: Path) -> None:
    path = files.write_json(tmp_path / "x.json", {**GOOD, "rows": [{"id": "a"}, {"id": None}]})
    with pytest.raises(InputError, match=r"expected a text") as problem:
        files.read_json_object(path, SHAPE)
    assert problem.value.key == "rows[1].id"
    with pytest.raises(InputError, match="expected an object") as problem:
        files.check_shape({"a": {"b": 1}}, {"a": {"*": dict}}, path=path)
    assert problem.value.key == "a.b"


def test_damaged_lines_of_a_journal_are_counted_and_the_others_kept(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"type": "a"}\n\n{"type": \n[]\n\xff\n' + b"[" * 99_999 + b'\n{"type": "b"}')
    good, damaged = files.read_json_lines(path, {"type": str})
    assert [line["type"] for line in good] == ["a", "b"]
    assert damaged == [3, 4, 5, 6]


# ---------------------------------------------------------------- parquet


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _middle(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 4 : len(raw) // 2] = b"\xff" * (len(raw) // 2 - len(raw) // 4)
    path.write_bytes(bytes(raw))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _note(text: bytes) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        table = pq.read_table(path)
        pq.write_table(table.replace_schema_metadata({b"mimicry": text}), path)

    return spoil


def _changed(**keys: object) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        note = json.loads(pq.read_metadata(path).metadata[b"mimicry"])
        _note(json.dumps(note | keys).encode())(path)

    return spoil


def _column(name: str, kind: pa.DataType | None) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        table = pq.read_table(path)
        k = table.column_names.index(name)
        if kind is None:
            table = table.remove_column(k)
        else:
            table = table.set_column(k, name, table.column(k).cast(kind))
        pq.write_table(table, path)

    return spoil


def _backwards(path: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table.take(pa.array(range(len(table) - 1, -1, -1))), path)


SPOIL: dict[str, Callable[[Path], None]] = {
    "empty": _empty,
    "cut": _cut,
    "overwritten": _middle,
    "times run backwards": _backwards,
    "a column lacks": _column("x_3", None),
    "a column of text": _column("x_3", pa.string()),
    "a column of wide numbers": _column("timestamp", pa.string()),
    **{
        f"note {k}": _note(text)
        for k, text in enumerate((b"", b"{", b"[]", b"null", b"\xff", b"[" * 99_999, b"{}"))
    },
    "landmarks a text": _changed(landmarks="478"),
    "landmarks negative": _changed(landmarks=-3),
    "landmarks many": _changed(landmarks=10**9),
    "size null": _changed(image_size_px=None),
    "size one number": _changed(image_size_px=[640]),
    "size zero": _changed(image_size_px=[0, 480]),
    "provenance a list": _changed(provenance=[]),
    "input a text": _changed(provenance={"input": "video.mp4"}),
    "frames a text": _changed(provenance={"video": {"frames": "many"}}),
    "units a list": _changed(provenance={"action_units": []}),
}


def _landmarks(path: Path) -> Path:
    random = np.random.default_rng(0)
    points = random.normal(100, 10, (5, 478, 3)).astype(np.float32)
    track = LandmarkTrack(
        times_s=np.arange(5) / 30,
        points_px=points,
        blendshapes=np.zeros((5, 52), np.float32),
        head_pose=np.tile(np.eye(4), (5, 1, 1)),
        luminance=np.full(5, 100, np.float32),
        sharpness=np.full(5, 10, np.float32),
        image_size_px=(640, 480),
    )
    return write_landmarks(path, track)


@pytest.mark.parametrize("name", SPOIL)
def test_a_spoilt_landmark_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    path = _landmarks(tmp_path / "a_landmarks.parquet")
    read_landmarks(path)
    SPOIL[name](path)
    with pytest.raises(TableError, match=r"a_landmarks\.parquet"):
        read_landmarks(path)


def test_a_folder_in_place_of_a_parquet_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="is a folder"):
        LandmarkFile(tmp_path)


@pytest.mark.parametrize(
    "note",
    [
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"columns": []}',
        b'{"columns": {"AU12": 5}}',
        b'{"columns": {"AU12": {"unit": []}}}',
        b'{"provenance": "x"}',
        b'{"provenance": {"action_units": null}}',
    ],
)
def test_a_spoilt_sidecar_of_action_units_is_one_sentence(tmp_path: Path, note: bytes) -> None:
    table = pd.DataFrame({"timestamp": np.arange(5) / 30, "AU12": 0.5})
    for axis in ("pitch", "yaw", "roll"):
        table[f"pose_{axis}_deg"] = 0.0
    path = files.write_parquet(tmp_path / "x_au.parquet", table, {})
    read_au_table(path)
    (tmp_path / "x_au.json").write_bytes(note)
    with pytest.raises(TableError, match=r"x_au\.json"):
        read_au_table(path)


def test_parquet_notes_of_other_programs_do_no_harm(tmp_path: Path) -> None:
    path = files.write_parquet(
        tmp_path / "a.parquet", pd.DataFrame({"a": [1, 2]}), {"pandas": "[", "mimicry": "{}"}
    )
    assert list(files.read_parquet(path)["a"]) == [1, 2]
