"""What a file is, told from its content."""

import gzip
import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from mimicry.analyses.agreement import validate
from mimicry.errors import EventsError, QualityWarning, TableError
from mimicry.interchange import sources
from mimicry.interchange.au_reader import AuReader, Measured
from mimicry.interchange.sources import identify
from mimicry.interchange.tables import read_au_table, read_table
from mimicry.interchange.time_names import time_column
from mimicry.interchange.time_table import read_time_table
from mimicry.pipeline.plan import is_table
from mimicry.records import ReadingOptions
from mimicry.synchrony.tracks import read_track

FOREIGN = {
    "FaceReader 8 detailed log": "Video analysis detailed log\t\t\rFace Model:\tGeneral8\t\r"
    "Frame rate:\t30\t\rVideo Time\tNeutral\tAction Unit 01 - Inner Brow Raiser\r"
    "00:00.1\t0.5\tNotActive\r",
    "AFFDEX": "TimeStamp,faceId,joy,smile,browFurrow\n0,0,0,0,0\n",
    "iMotions": "#HEADER,,\n#INFO,,\nRow,Timestamp,EventSource\n1,0,1\n",
    "PsychoPy": "Stimulus,START,END,Phase,Run,Run\na.png,0.1,1.9,x,1,1\n",
    "jsPsych table": "rt,stimulus,trial_type,trial_index,time_elapsed\n1,a,b,0,100\n",
    "jsPsych file": json.dumps([{"rt": 1, "time_elapsed": 100}]),
    "BIDS events": "onset\tduration\ttrial_type\n1\t2\thappy\n",
    "participants": "participant_id\tgroup\nsub-01\tA\n",
    "E-Prime": "*** Header Start ***\nVersionPersist: 1\n",
    "without intensities": "frame,face_id,timestamp,confidence,success,AU12_c\n1,0,0,1,1,0\n",
    "web page": "<!DOCTYPE html><html></html>",
    "text without numbers": "Dear colleague,\nplease find attached\n",
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_files_of_other_tools_are_named_in_one_sentence(tmp_path, name, encoding):
    path = tmp_path / "x.csv"
    path.write_bytes(FOREIGN[name].encode(encoding))
    for read in (read_au_table, read_time_table):
        with pytest.raises(TableError, match=name) as caught:
            read(path)
        assert "\n" not in str(caught.value)
        assert "x.csv" in str(caught.value)


@pytest.mark.parametrize("name", ["PsychoPy", "jsPsych file", "FaceReader 8", "E-Prime"])
def test_they_are_named_as_events_too(tmp_path, name):
    from mimicry.timeline import read_events

    path = tmp_path / "x_events.tsv"
    path.write_text(next(text for key, text in FOREIGN.items() if key.startswith(name)))
    with pytest.raises(EventsError, match=rf"this is an? .*{name}.*onset, trial_type, stimulus"):
        read_events(path)


def test_packed_and_renamed_files_are_named(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(gzip.compress(b"time,AU12\n0,1\n"))
    with pytest.raises(TableError, match="gzip"):
        read_au_table(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(TableError, match=r"Excel.*Save the sheet as CSV"):
        read_au_table(path)
    path.write_bytes(b"\x00\x00\x00\x20ftypisom" + bytes(100))
    assert not is_table(path)
    with pytest.raises(TableError, match="this is a video"):
        read_au_table(path)
    path.write_bytes(b"\n\n")
    with pytest.raises(TableError, match="empty"):
        read_au_table(path)
    with pytest.raises(TableError, match="folder"):
        read_au_table(tmp_path)


def test_the_content_decides_and_not_the_name(tmp_path):
    table = pd.DataFrame({"frame": [1, 2], "timestamp": [0.0, 0.04], "AU12_r": [1.0, 2.0]})
    for name in ("x.mp4", "x.parquet", "x.dat", "x"):
        path = tmp_path / name
        path.write_text(table.to_csv(index=False))
        assert identify(path).name == "an OpenFace table"
        assert is_table(path)
    table.to_parquet(tmp_path / "y.csv")
    assert read_au_table(tmp_path / "y.csv").names == ("AU12",)
    (tmp_path / "no.mp4").write_text("this is no video")
    assert identify(tmp_path / "no.mp4").kind == "video"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["frame", "Time [s]", "AU12"], ("Time [s]", 1.0)),
        (["time_ms", "x"], ("time_ms", 0.001)),
        (["Time (ms)", "x"], ("Time (ms)", 0.001)),
        (["onset", "timestamp"], ("timestamp", 1.0)),
        (["Time (s since start)", "x"], ("Time (s since start)", 1.0)),
        (["Time (min)", "x"], ("Time (min)", 60.0)),
        (["Time [h]", "x"], ("Time [h]", 3600.0)),
        (["Time [us]", "x"], ("Time [us]", 1e-6)),
        (["Time (\N{MICRO SIGN}s)", "x"], ("Time (\N{MICRO SIGN}s)", 1e-6)),
        (["Time (\N{GREEK SMALL LETTER MU}s)", "x"], ("Time (\N{GREEK SMALL LETTER MU}s)", 1e-6)),
        (["timestamp_ns", "x"], ("timestamp_ns", 1e-9)),
        (["time ms", "x"], ("time ms", 0.001)),
        (["Time (hh:mm:ss)", "x"], ("Time (hh:mm:ss)", None)),
        (["Time (1/60 s)", "x"], ("Time (1/60 s)", None)),
        (["Time (?s)", "x"], ("Time (?s)", None)),
        (["timestamp (frames)", "time"], ("time", 1.0)),
        (["sometimes", "pat", "th"], None),
    ],
)
def test_the_column_of_times_is_known_by_its_name(names, found):
    assert time_column(names) == found


@pytest.mark.parametrize(
    ("name", "step"),
    [("Time (min)", 0.04 / 60), ("Time [us]", 40_000), ("Time (\N{MICRO SIGN}s)", 40_000),
     ("my clock (ms)", 40), ("frame_time_in_ms", 40), ("minutes", 0.04 / 60)],
)  # fmt: skip
def test_units_in_the_name_of_the_times_are_converted(tmp_path, name, step):
    path = tmp_path / "t.csv"
    path.write_text(f"{name},zyg\n0,1\n{step},2\n{2 * step},3\n", encoding="utf-8")
    for chosen in (name, None) if name.startswith("Time") else (name,):
        track = read_time_table(path, time_column=chosen)
        assert track.times_s.tolist() == pytest.approx([0, 0.04, 0.08])
        assert track.provenance["seconds_in_time_unit"] * step == pytest.approx(0.04)


@pytest.mark.parametrize("chosen", [None, "Time (frames)"])
def test_a_unit_that_is_not_known_is_refused(tmp_path, chosen):
    path = tmp_path / "t.csv"
    path.write_text("Time (frames),zyg\n0,1\n1,2\n2,3\n")
    with pytest.raises(TableError, match=r"'Time \(frames\)' states a unit that is not known"):
        read_time_table(path, time_column=chosen)


@pytest.mark.parametrize(
    ("step", "said"),
    [(40, r"t\.csv: rows lie 40 s apart by column 'time', which looks like milliseconds"),
     (40_000, "looks like microseconds"), (1, "rows lie 1 s apart")],
)  # fmt: skip
def test_times_that_are_hardly_seconds_are_said_aloud(tmp_path, step, said):
    path = tmp_path / "t.csv"
    path.write_text(f"time,zyg\n0,1\n{step},2\n{2 * step},3\n")
    with pytest.warns(QualityWarning, match=said) as warned:
        assert read_time_table(path).times_s[1] == step
    assert len(warned) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("shift", range(4))
def test_a_letter_across_the_end_of_the_first_bytes_makes_no_binary_file(tmp_path, encoding, shift):
    path = tmp_path / "t.csv"
    row = "0.04,1,\N{GRINNING FACE}\u00fc\N{GRINNING FACE}\u20ac\n"
    text = "x" * shift + "time,AU12_r,M\u00fcller" + "\n" + row * 20_000
    path.write_bytes(text.encode(encoding))
    assert path.stat().st_size > 1 << 18
    assert identify(path).name == "an OpenFace table"


def test_a_new_tool_is_one_entry_for_every_command(tmp_path, monkeypatch):
    other = AuReader(
        kind="other",
        name="a table of Other",
        has=lambda columns: "smiling" in columns,
        read=lambda table: Measured(
            table.block(["smiling"]), {"AU12": "percent"}, {"success": np.ones(len(table))}
        ),
        source="Other CSV",
        time_column="at",
        seconds=1e-3,
    )
    path = tmp_path / "x.csv"
    path.write_text("at,smiling\n" + "".join(f"{40 * k},{k % 7}\n" for k in range(100)))
    with pytest.raises(TableError, match="no action-unit columns"):
        read_au_table(path)
    monkeypatch.setattr(sources, "_TEXTS", (other, *sources._TEXTS))
    for track in (read_au_table(path), read_table(path), read_track(path, ReadingOptions())):
        assert (track.names, track.times_s[1]) == (("AU12",), pytest.approx(0.04))
        assert track.provenance["source"] == "Other CSV"
    (row,) = validate(path, path).rows
    assert (row.estimate, row.n > 10) == ("AU12", True)


def test_a_table_with_a_named_column_of_times_is_a_plain_one(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("frame,timestamp,t,AU12_r\n1,0,5,1\n2,0.04,5.05,2\n")
    assert read_table(path).names == ("AU12",)
    plain = read_table(path, time_column="t", columns=["AU12_r"])
    assert (plain.names, plain.times_s.tolist()) == (("AU12_r",), [5, 5.05])
