"""Limits and hand-computed values of the readers of other tools' files."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mimicry.errors import QualityWarning, TableError
from mimicry.interchange import landmark_schema, table_faces, text
from mimicry.interchange.au_feat import FEAT
from mimicry.interchange.au_reader import AuReader, Measured, track_of
from mimicry.interchange.au_table import table_name, write_au_table
from mimicry.interchange.landmark_file import LandmarkFile
from mimicry.interchange.sources import identify
from mimicry.interchange.table import Table, read_any_table
from mimicry.interchange.table_times import check_rising, row_times, say_odd_steps
from mimicry.interchange.time_names import seconds_in, time_column
from mimicry.records import ActionUnitTrack, ReadingOptions


def table(**columns) -> Table:
    frame = pd.DataFrame({k: np.asarray(v) for k, v in columns.items()})
    names = tuple(frame.columns)
    return Table(Path("t.csv"), frame.set_axis(range(len(names)), axis=1), names, np.empty(0, int))


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("min", 1.0), ("mins", 60.0), ("sec", 1.0), ("hour", 3600.0), ("ms", 1.0), ("usec", 1e-6),
        ("t_ms", 1e-3), ("t_ms (s)", 1.0), ("t_ms (x)", 1e-3), ("t_ms (1 s)", None),
        ("t (s, ms)", None), ("t [\u00b5s]", 1e-6), ("time", 1.0), ("Time (min.)", 60.0),
        ("t (hh:mm)", None), ("t ns", 1e-9),
    ],
)  # fmt: skip
def test_the_unit_of_a_time_is_told_by_its_name(name, seconds) -> None:
    assert seconds_in(name) == seconds


def test_a_known_unit_and_the_more_telling_name_go_first() -> None:
    assert time_column(["t (frames)", "onset"]) == ("onset", 1.0)
    assert time_column(["t (frames)"]) == ("t (frames)", None)
    assert time_column(["onset", "t", "seconds", "Time", "timestamp"]) == ("timestamp", 1.0)
    assert time_column(["sec", "t"]) == ("sec", 1.0)
    assert time_column(["milliseconds"]) == ("milliseconds", 1e-3)
    assert time_column(["time", "Time"]) == ("time", 1.0)
    assert time_column(["AU12"]) is None


def times_of(step: float, *, n: int = 5, start: float = 0.0, **columns) -> np.ndarray:
    rows = table(timestamp=start + step * np.arange(n), **columns)
    return row_times(rows, "timestamp", first_frame=0, reading=ReadingOptions())[0]


def test_a_camera_takes_a_picture_every_4_ms_to_5_s() -> None:
    np.testing.assert_array_equal(times_of(0.00390625 * 2, n=3), [0, 0.0078125, 0.015625])
    np.testing.assert_array_equal(times_of(0.004, n=3), [0, 0.004, 0.008])
    np.testing.assert_array_equal(times_of(0.1, n=2), [0, 0.1])
    for step in (1.0, 5.0):
        with pytest.warns(QualityWarning, match=f"rows lie {step:.3g} s apart"):
            times_of(step)
    with pytest.raises(TableError, match=r"3\.99 ms apart, which no camera does"):
        times_of(0.00399)
    for step, unit in ((5.5, "milliseconds"), (9999.5, "millis"), (10_000.0, "microseconds")):
        with pytest.raises(TableError, match=f"looks like {unit}"):
            times_of(step)


def test_times_that_count_frames_are_told_from_seconds() -> None:
    with pytest.raises(TableError, match="looks like frame numbers"):
        times_of(1.0, start=3.0, frame=10 + np.arange(5))
    with pytest.warns(QualityWarning, match="1 s apart"):
        np.testing.assert_array_equal(times_of(1.0, frame=[1, 26, 51, 76, 101]), np.arange(5))
    with pytest.warns(QualityWarning, match="looks like milliseconds"):
        say_odd_steps(table(x=[1, 2]), "x", np.array([0, 5.1]))
    with pytest.warns(QualityWarning, match="hardly anything"):
        say_odd_steps(table(x=[1, 2]), "x", np.array([0, 5.0]))
    say_odd_steps(table(x=[1]), "x", np.array([7.0]))


def test_frames_count_from_the_tools_first_one() -> None:
    def numbers(frames, first):
        rows = table(frame=frames) if frames is not None else table(x=[1, 2])
        reading = ReadingOptions(fps=50)
        return (50 * row_times(rows, None, first_frame=first, reading=reading)[0]).round(6).tolist()

    assert numbers([1, 2], 1) == [0, 1]
    assert numbers([0, 1], 1) == [0, 1]
    assert numbers([5, 7], 1) == [4, 6]
    assert numbers([5, 7], 0) == [5, 7]
    assert numbers(None, 0) == [0, 1]
    for odd in ([0.5, 1], [-1, 0], [np.nan, 1]):
        with pytest.raises(TableError, match="row 1 has no frame number"):
            numbers(odd, 0)
    known = {"first_frame": 0, "reading": ReadingOptions(), "times_s": [0, 0.05, 0.09]}
    times, origin = row_times(table(frame=[0, 2]), None, **known)
    assert (times.tolist(), origin) == ([0, 0.09], {"from": "the video's frames"})
    with pytest.raises(TableError, match="holds frame 3, but the video has 3 frames"):
        row_times(table(frame=[0, 3]), None, **known)
    with pytest.raises(TableError, match="no frame times"):
        row_times(table(frame=[0]), None, first_frame=0, reading=ReadingOptions())


def test_times_that_do_not_rise_are_counted_and_the_first_named() -> None:
    rows = table(x=range(5))
    check_rising(rows, "x", np.array([0, 1, 2, 3, 4.0]))
    text_of = r"\(1 repeated and 1 going back\): 1 s is followed by 1 s in row 3"
    with pytest.raises(TableError, match=text_of):
        check_rising(rows, "x", np.array([0, 1, 1, 3, 2.0]))
    with pytest.raises(TableError, match=r"\(1 going back\): 3 s is followed by 2 s in row 5"):
        check_rising(rows, "x", np.array([0, 1, 2, 3, 2.0]))
    with pytest.raises(TableError, match="2 of 5 rows have no time, the first in row 2"):
        check_rising(rows, "x", np.array([0, np.nan, 1, np.nan, 2]))


@pytest.mark.parametrize(
    ("values", "said"),
    [([-99, -9.8], True), ([-99, -9.9], False), ([-99, np.nan], False), ([-98, 1], False),
     ([-999, -99.8], True), ([-9999, -999.8], True), ([-999, -99.9], False)],
)  # fmt: skip
def test_a_code_for_missing_lies_ten_times_below_all_others(values, said, recwarn) -> None:
    np.testing.assert_array_equal(table(x=values).numbers("x"), values)
    assert [f"{values[0]:g} in 1" in str(w.message) for w in recwarn.list] == [True] * said


def test_a_table_says_where_its_rows_stand_and_which_names_repeat() -> None:
    rows = table(x=[1, 2], success=[True, False])
    assert (rows.at(0), len(rows), "x" in rows, "y" in rows) == ("row 1", 2, True, False)
    assert rows.numbers("success").tolist() == [1, 0]
    rows.refuse_repeats()
    with pytest.raises(TableError, match="several columns called 'a'") as problem:
        Table(Path("t"), rows.frame, ("a", "a"), rows.lines).refuse_repeats()
    assert problem.value.key == "a"
    Table(Path("t"), rows.frame, ("", ""), rows.lines).refuse_repeats()
    assert rows.block([]).shape == (2, 0)


def test_one_empty_cell_at_every_end_is_none(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2,\n3,4,\n,,\n,,\n")
    assert read_any_table(path).numbers("b").tolist() == [2, 4]
    path.write_text("a,b\n1,2,\n3,4,5\n")
    with pytest.raises(TableError, match="line 2 has 3 cells, the header has 2"):
        read_any_table(path)
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(TableError, match="line 3 has 1 cells"):
        read_any_table(path)


def test_the_place_and_size_of_a_face_by_hand() -> None:
    rows = table(FaceRectX=[10, 100], FaceRectWidth=[20, 40], FaceRectHeight=[30, 50])
    np.testing.assert_array_equal(table_faces._place(rows), [[20, 120], [600, 2000]])
    rows = table(**{f"x_{k}": [float(k), 2.0 * k] for k in range(68)})
    np.testing.assert_allclose(table_faces._place(rows), [[33.5, 67], [67, 134]])
    rows = table(pose_Tx=[50, -100, 5], pose_Tz=[100, 400, 0])
    np.testing.assert_allclose(
        table_faces._place(rows), [[0.5, -0.25, np.nan], [0.01, 0.0025, np.nan]]
    )
    assert table_faces._place(table(x_0=[1], pose_Tx=[2])) is None


def test_faces_are_named_in_the_order_of_numbers_then_of_words() -> None:
    assert table_faces._ids(np.array(["b", "10", "", "2", "a", "2"])) == ["2", "10", "a", "b"]
    same = table(face_id=[0, 1], pose_Tx=[1, 1], pose_Tz=[2, 2])
    one = table_faces.one_face(same, "largest")
    assert one.texts("face_id") == ["0"]
    three = table(face_id=[0, 1, 2], pose_Tx=[0, -5, 5], pose_Tz=[9, 5, 4])
    chosen = [table_faces.one_face(three, f).texts("face_id") for f in ("left", "right", "largest")]
    assert chosen == [["1"], ["2"], ["2"]]
    assert table_faces.faces_of(three) == ("1", "0", "2")
    assert table_faces.faces_of(table(face_id=[1, 0])) == ("0", "1")


def test_a_face_is_seen_by_its_units_or_a_place_that_has_a_size() -> None:
    faces = table_faces._faces
    rect = {"FaceRectX": [5, 5, np.nan], "FaceRectHeight": [1, 1, 1]}
    rows = table(AU12=[np.nan, np.nan, np.nan], FaceRectWidth=[2, 0, 2], **rect)
    assert faces(rows).tolist() == [True, False, False]
    assert faces(table(AU12=[1, np.nan], x=[1, 1])).tolist() == [True, False]
    assert faces(table(success=[1, 0], AU12=[1, 1])).tolist() == [True, False]
    repeats = table_faces._repeats
    assert not repeats(table(frame=[1, 2, 2]), np.array([True, True, False]))
    assert repeats(table(frame=[1, 2, 2]), np.array([False, True, True]))


def test_people_are_those_of_a_tenth_of_the_frames() -> None:
    # ten frames, two people in the last of them: a tenth
    frames = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9])
    x = np.array([5.0] * 9 + [9.0, 4.0])
    labels, people = table_faces._from_left(x, frames)
    assert (people, labels.tolist()) == (2, ["0"] * 9 + ["1", "0"])
    frames, x = np.append(frames, 10), np.append(x, 8.9)
    labels, people = table_faces._from_left(x, frames)
    assert (people, labels.tolist()) == (1, ["0"] * 9 + ["", "0", "0"])


@pytest.mark.parametrize(
    ("line_end", "name"), [("\n", "LF"), ("\r\n", "CRLF"), ("\r", "CR"), (None, "mixed")]
)
def test_line_ends_are_named(tmp_path, line_end, name) -> None:
    path = tmp_path / "t.csv"
    whole = f"a,b{line_end or chr(10)}1,2{line_end or chr(13)}"
    path.write_bytes(whole.encode())
    form = read_any_table(path).format
    assert form == {"encoding": "utf-8", "line_end": name, "separator": "comma", "decimal": "."}
    assert text.split_lines("\ufeff" + whole) == ["a,b", "1,2", ""]
    assert text.split_lines("a") == ["a"]


def test_a_text_has_at_most_one_odd_byte_in_a_hundred() -> None:
    assert text.decode(b"a" * 99 + b"\x01") is not None
    assert text.decode(b"a" * 98 + b"\x01\x1f") is None
    assert text.decode(b"a" * 98 + b" ~") is not None
    assert text.decode(bytes([9, 10, 11, 12, 13, 26, 27])) is not None
    assert text.decode("ab\ncä".encode()[:-1], whole=False) == ("ab\n", "utf-8")
    assert text.decode("ab\ncä".encode()[:-1]) == ("ab\ncÃ", "cp1252")
    assert text.decode(b"ab\rc", whole=False) == ("ab\r", "utf-8")
    assert text.decode(b"abc", whole=False) == ("abc", "utf-8")
    assert text.decode("aä".encode("utf-16-be")) == ("aä", "utf-16")
    assert text.decode("aä".encode("utf-16")) == ("aä", "utf-16")


@pytest.mark.parametrize(
    ("lines", "separator", "decimal", "header"),
    [
        (["1,5", "2,5"], ",", ".", False),
        (["1,5 2,5", "3,5 -4,5"], " ", ",", False),
        (["a;b", "1,5;1.5"], ";", ".", True),
        (["a;b", "1,5;2,5"], ";", ",", True),
        (["a\tb;c", "1\t2;3"], "\t", ".", True),
        (["a,b,c;d", "1,2"], ",", ".", True),
        (["a b", "1 2"], " ", ".", True),
        (["a|b", "1|2"], "|", ".", True),
        (["1,5;2"], ";", ",", False),
    ],
)
def test_separator_and_decimal_sign_by_hand(lines, separator, decimal, header) -> None:
    form = text.sniff(lines)
    assert (form.separator, form.decimal, form.header) == (separator, decimal, header)


def test_cells_lose_blanks_and_quotes() -> None:
    assert text.cells_of(" a , \"b, c\" ,'d'", ",") == ["a", "b, c", "d"]
    assert text.cells_of('"a b"  c ', " ") == ["a b", "c"]
    assert text.cells_of("a  b", " ") == ["a", "b"]
    assert text.cells_of("a,,b", ",") == ["a", "", "b"]
    assert text.number_of("1.5", ",") is None
    assert text.number_of("1,5", ",") == 1.5
    assert text.number_of(".5e1") == 5


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        (b"Video analysis state log\nFace Model: General61", "foreign", "a FaceReader 6 state log"),
        (b"Video analysis detailed log\nx\n", "foreign", "a FaceReader detailed log"),
        (b"RIFF\0\0\0\0AVI LIST", "video", "a video"),
        (b"RIFF\0\0\0\0WAVEfmt ", "foreign", "a binary file of an unknown kind"),
        (b"\0\0\0\x18ftypmp42", "video", "a video"),
        ((b"G" + bytes(187)) * 4, "video", "a video"),
        ((bytes(4) + b"G" + bytes(187)) * 4, "video", "a video"),
        (b"Behavior,Subject,Start\nsmile,a,1\n", "foreign", "a behavioural coding log (BORIS)"),
        (b"a,b,c,d,e\n1,2,3,4,5\n", "series", "columns of numbers (a, b, c, d, e)"),
        (b"a,b,c,d,e,f\n1,2,3,4,5,6\n", "series", "columns of numbers (a, b, c, d, e, ...)"),
        (b"hello\nworld\n", "foreign", "a text without numbers"),
        (b"PK\x03\x04 xl/", "foreign", "an Excel file (xlsx)"),
        (b"PK\x03\x04 other", "foreign", "a zip archive"),
        (b"frame,Pitch,AU12\n1,2,3\n", "units", "a Py-Feat table"),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_first_bytes(tmp_path, content, kind, name) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    source = identify(path)
    assert (source.kind, source.name) == (kind, name)


def test_columns_of_py_feat_are_a_frame_a_pitch_and_a_unit() -> None:
    assert FEAT.has(["frame", "Pitch", "AU12"])
    assert not FEAT.has(["frame", "Pitch"])
    assert not FEAT.has(["Pitch", "AU12"])
    reader = AuReader("k", "n", FEAT.has, FEAT.read, "s")
    assert (reader.seconds, reader.frame_column, reader.first_frame) == (1.0, "frame", 0)
    assert (reader.confidence, reader.several_faces, reader.noted) == ((), False, False)
    assert reader.needs("anything")


def test_a_confidence_at_its_limit_is_sure() -> None:
    def read(rows: Table) -> Measured:
        success = rows.numbers("success")
        return Measured(rows.block(["AU12"]), {"AU12": "u"}, {"success": success})

    reader = AuReader("k", "n", FEAT.has, read, "tool", confidence=("other", "sure"))
    success = [1, 1, 1, 0]
    rows = table(frame=[0, 1, 2, 3], AU12=[1, 2, 3, 4], success=success, sure=[0, 0.8, 1, 0.1])
    reading = ReadingOptions(fps=10)
    with pytest.warns(QualityWarning, match=r"1 of 3 frames with a face \(33%\) have a sure below"):
        track = track_of(reader, rows, reading=reading)
    np.testing.assert_array_equal(track.quality["plausible"], [0, 1, 1, np.nan])
    limit = {"column": "sure", "limit": 0.8, "frames_below": 1}
    assert track.provenance == {"source": "tool", "times": {"from": "10 fps"}, "confidence": limit}
    assert np.isnan(track.quality["luminance"]).all()
    assert track.blendshapes.shape == (4, 0)
    sure = track_of(reader, rows, reading=ReadingOptions(fps=10, min_confidence=0.0))
    np.testing.assert_array_equal(sure.quality["plausible"], [1, 1, 1, np.nan])
    for score in (-0.01, 1.01):
        wrong = table(frame=[0, 1], AU12=[1, 2], success=[1, 1], sure=[0.9, score])
        with pytest.raises(TableError, match=rf"holds {score:g} in row 2, expected 0 to 1"):
            track_of(reader, wrong, reading=reading)


def made_track(values) -> ActionUnitTrack:
    n = len(values)
    names = ("success", "plausible", "pose_ok", "blink")
    return ActionUnitTrack(
        times_s=np.arange(n) / 32,
        intensity=np.asarray(values, float)[:, None],
        names=("AU12",),
        pose_deg=np.full((n, 3), 90.0),
        quality=dict.fromkeys(names, np.ones(n)),
        blendshapes=np.empty((n, 0), np.float32),
        units={"AU12": "unit"},
        provenance={},
    )


def test_a_unit_is_present_in_openface_from_1_of_5(tmp_path) -> None:
    track = made_track([0.2, 0.199, 2.0, -1.0])
    paths = write_au_table(tmp_path, "r", track, format="openface")
    assert paths == {"au": tmp_path / "r_openface.csv", "sidecar": tmp_path / "r_au.json"}
    written = pd.read_csv(paths["au"], skipinitialspace=True)
    assert written["AU12_c"].tolist() == [1, 0, 1, 0]
    np.testing.assert_allclose(written["AU12_r"], [1, 0.995, 5, 0])
    np.testing.assert_allclose(written["pose_Rx"], np.pi / 2)
    assert written["frame"].tolist() == [1, 2, 3, 4]
    assert [table_name("a", f) for f in ("parquet", "csv")] == ["a_au.parquet", "a_au.csv"]


def test_a_long_table_is_written_in_groups_of_16384_rows(tmp_path) -> None:
    import pyarrow.parquet as pq

    path = write_au_table(tmp_path, "r", made_track(np.zeros(16385)))["au"]
    file = pq.ParquetFile(path).metadata
    assert [file.row_group(k).num_rows for k in range(file.num_row_groups)] == [16384, 1]
    assert file.metadata[b"mimicry"] == b"mimicry action units 1"


@pytest.mark.parametrize(
    ("landmarks", "size", "key"),
    [(1, [9, 9], "landmarks"), (10_000, [9, 9], "landmarks"), (0, [9, 9], "landmarks"),
     (5, [9], "image_size_px"), (5, [0, 9], "image_size_px"), (5, [9, 1 << 20], "image_size_px")],
)  # fmt: skip
def test_a_landmark_file_has_a_sane_number_and_size(landmarks, size, key) -> None:
    names = SimpleNamespace(names=[], types=[])
    file = SimpleNamespace(
        landmarks=landmarks, path=Path("x"), _file=SimpleNamespace(schema_arrow=names)
    )
    with pytest.raises(TableError, match=f"says {landmarks} landmarks") as problem:
        LandmarkFile._check_columns(file, size)
    assert problem.value.key == key


@pytest.mark.parametrize("landmarks", [2, 9_999])
def test_numbers_at_the_limits_are_sane(landmarks) -> None:
    schema = landmark_schema.schema_of(landmarks)
    file = SimpleNamespace(
        landmarks=landmarks, path=Path("x"), _file=SimpleNamespace(schema_arrow=schema)
    )
    LandmarkFile._check_columns(file, [1, (1 << 20) - 1])
    nullable = {field.name for field in schema if not field.nullable}
    assert nullable == {"timestamp", "success", "luminance", "sharpness"}
    encodings = landmark_schema.encodings(schema)
    kinds = [encodings[name] for name in ("timestamp", "x_0", "bs_jawOpen", "pose_00")]
    floats, whole = "BYTE_STREAM_SPLIT", "DELTA_BINARY_PACKED"
    assert kinds == [floats, whole, whole, floats]
