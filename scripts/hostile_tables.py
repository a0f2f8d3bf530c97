"""Tables, protocols and own files with one fault each, and the end that is right."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hostile_inputs import READ, READERS, REFUSED, SCORE, WARNED, Case, write

__all__ = ["faulty_cases"]

# ---- text tables with one fault


def _text(change: Callable[[str], str]) -> Callable[[Path], None]:
    def done(path: Path) -> None:
        path.write_bytes(change(path.read_text(encoding="utf-8")).encode())

    return done


def _bytes(change: Callable[[str], bytes]) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(change(path.read_text(encoding="utf-8"))) and None


def _cell(row: int, column: str, value: str | Callable[[str], str], sep: str = "\t") -> Any:
    """Change one cell (row from 1) or, with row 0, every cell of a column."""

    def change(text: str) -> str:
        lines = text.splitlines()
        k = lines[0].split(sep).index(column)
        for n in range(1, len(lines)) if row == 0 else [row]:
            cells = lines[n].split(sep)
            cells[k] = value(cells[k]) if callable(value) else value
            lines[n] = sep.join(cells)
        return "\n".join(lines) + "\n"

    return _text(change)


def _head(old: str, new: str) -> Callable[[Path], None]:
    return _text(lambda text: re.sub(old, new, text, count=1))


def _twice(row: int) -> Callable[[Path], None]:
    def change(text: str) -> str:
        lines = text.splitlines()
        return "\n".join([*lines, lines[row]]) + "\n"

    return _text(change)


def _rows(keep: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def change(text: str) -> str:
        head, *rows = text.splitlines()
        return "\n".join([head, *keep(rows)]) + "\n"

    return _text(change)


def _column(name: str, value: str, sep: str = "\t") -> Callable[[Path], None]:
    """Add a column."""

    def change(text: str) -> str:
        head, *rows = text.splitlines()
        return "\n".join([f"{head}{sep}{name}", *(f"{row}{sep}{value}" for row in rows)]) + "\n"

    return _text(change)


def _swap(first: str, second: str) -> Callable[[Path], None]:
    def change(text: str) -> str:
        head, *rows = text.splitlines()
        names = head.split("\t")
        a, b = names.index(first), names.index(second)
        names[a], names[b] = names[b], names[a]
        return "\n".join(["\t".join(names), *rows]) + "\n"

    return _text(change)


_ENCODINGS = (
    ("with a byte-order mark", _bytes(lambda t: t.encode("utf-8-sig")), READ),
    ("with CR LF", _bytes(lambda t: t.replace("\n", "\r\n").encode()), READ),
)


def _events() -> list[Case]:
    one = (SCORE,)
    made = [Case("events", name, make, end) for name, make, end in _ENCODINGS]
    for name, make, end, words in (
        ("header alone", _rows(lambda _: []), REFUSED, "no trial"),
        ("no onset column", _head("onset", "start"), REFUSED, "onset"),
        ("onset twice", _column("onset", "1.0"), REFUSED, "onset"),
        ("trial ids twice", _cell(2, "trial_id", "watch-001"), REFUSED, "watch-001"),
        ("a word for a number", _cell(3, "onset", "soon"), REFUSED, "row 3.*soon|soon.*row 3"),
        ("an underscore in a number", _cell(3, "onset", "1_0.5"), REFUSED, "1_0.5"),
        ("infinity", _cell(3, "onset", "inf"), REFUSED, "row 3"),
        ("a decimal comma", _cell(3, "onset", "9,42"), REFUSED, "9,42"),
        ("a hexadecimal", _cell(3, "onset", "0x1f"), REFUSED, "0x1f"),
        (
            "milliseconds",
            _cell(0, "onset", lambda v: str(1000 * float(v))),
            REFUSED,
            "millisecond|ms|1000",
        ),
        ("unix times", _cell(0, "onset", lambda v: str(1.7e9 + float(v))), REFUSED, "unix|1970"),
        (
            "all before the recording",
            _cell(0, "onset", lambda v: str(float(v) - 1e4)),
            REFUSED,
            "outside",
        ),
        ("a cell too many", _cell(2, "duration", "2.5\t1"), REFUSED, "row"),
        ("a quote in a cell", _column("note", '"odd'), READ, ""),
        ("commas between columns", _text(lambda t: t.replace("\t", ",")), REFUSED, "comma|tab"),
        (
            "rows without a stimulus",
            _cell(4, "stimulus", "n/a"),
            WARNED,
            "no trials",
        ),
        ("an unknown stimulus", _cell(4, "stimulus", "joker"), REFUSED, "joker"),
        ("an unknown condition", _cell(4, "trial_type", "joyful"), REFUSED, "joyful"),
        (
            "a condition against its clip",
            _cell(0, "trial_type", lambda v: {"happy": "angry", "angry": "happy"}.get(v, v)),
            REFUSED,
            "emotion|shows",
        ),
        ("onset and duration exchanged", _swap("onset", "duration"), REFUSED, "onset|duration"),
        ("durations below zero", _cell(0, "duration", "-2.5"), READ, "duration"),
        ("a duration of zero", _cell(2, "duration", "0"), READ, "duration"),
        ("every trial on the same onset", _cell(0, "onset", "20.0"), READ, "overlap"),
        ("a minus of typographers", _cell(1, "onset", "−2.0"), READ, "outside"),
        (
            "stimuli with folder and ending",
            _cell(0, "stimulus", lambda v: f"clips/{v}.webm"),
            READ,
            "",
        ),
        ("rows from bottom to top", _rows(lambda rows: rows[::-1]), READ, ""),
        (
            "a thousand more columns",
            _text(
                lambda t: "\n".join(
                    line + "".join(f"\tc{k}" for k in range(1000)) for line in t.splitlines()
                )
            ),
            READ,
            "",
        ),
        (
            "latin-1 letters",
            lambda p: p.write_bytes(p.read_bytes() + b"\xe9\t\xff\n") and None,
            REFUSED,
            "",
        ),
    ):
        made.append(Case("events", name, make, end, words, one))
    return made


def _openface() -> list[Case]:
    made = [Case("OpenFace", name, make, end) for name, make, end in _ENCODINGS]
    german = _text(lambda t: t.replace(",", ";").replace(".", ","))
    for name, make, end, words in (
        ("semicolons and decimal commas", german, READ, ""),
        ("UTF-16", _bytes(lambda t: t.encode("utf-16")), READ, ""),
        ("CR alone", _bytes(lambda t: t.replace("\n", "\r").encode()), READ, ""),
        (
            "blanks in the header",
            _text(lambda t: t.replace(",", ", ", t.split("\n")[0].count(","))),
            READ,
            "",
        ),
        ("AU12_r twice", _column("AU12_r", "0.5", ","), REFUSED, "AU12_r"),
        ("words among numbers", _cell(9, "AU12_r", "high", ","), REFUSED, "high"),
        ("a minus of typographers", _cell(9, "pose_Rx", "−0.1", ","), READ, ""),
        ("low confidence everywhere", _cell(0, "confidence", "0.1", ","), WARNED, "confidence"),
        (
            "low confidence at a quarter",
            _rows(
                lambda rows: [
                    row.replace("0.98,1", "0.5,1", 1) if k % 4 == 0 else row
                    for k, row in enumerate(rows)
                ]
            ),
            WARNED,
            "confidence",
        ),
        (
            "two faces",
            _rows(lambda rows: [r for row in rows for r in (row, row.replace(",0,", ",1,", 1))]),
            REFUSED,
            "--face",
        ),
        ("times that stand still", _cell(0, "timestamp", "1.0", ","), REFUSED, "time|ms"),
        ("times that run back", _rows(lambda rows: rows[::-1]), REFUSED, "increase|time"),
        (
            "milliseconds",
            _cell(0, "timestamp", lambda v: str(1000 * float(v)), ","),
            REFUSED,
            "millisecond|1000|ms",
        ),
        ("header alone", _rows(lambda _: []), REFUSED, "no rows|empty"),
        ("one row", _rows(lambda rows: rows[:1]), REFUSED, ""),
        ("half a last row", _text(lambda t: t[:-20]), REFUSED, ""),
        ("no success anywhere", _cell(0, "success", "0", ","), REFUSED, "face"),
    ):
        made.append(Case("OpenFace", name, make, end, words, (READERS["OpenFace"].commands[0],)))
    return made


_FOREIGN = {
    "FaceReader": "Video analysis detailed log\nFace Model:\tGeneral\nVideo:\tC:\\a.avi\n"
    "Frame rate:\t25\n\nVideo Time\tNeutral\tHappy\tSad\tAngry\n00:00.0\t0.9\t0.1\t0\t0\n",
    "AFFDEX": "Time (seconds),Face ID,joy,anger,smile,browFurrow\n0.0,0,0,0,1,2\n0.03,0,0,0,1,2\n",
    "PsychoPy": "trials.thisN,clip.started,clip.stopped,participant,date,psychopyVersion\n"
    "0,1.0,3.5,01,2026-01-01,2024.1.1\n",
}


def _tables() -> list[Case]:
    made = [Case("action units, CSV", name, make, end) for name, make, end in _ENCODINGS]
    for name, text in _FOREIGN.items():
        made.append(
            Case("action units, CSV", f"a {name} file", write(text.encode()), REFUSED, name)
        )
    made += [
        Case(
            "action units, CSV", "an events table", write(b"onset\tduration\ttrial_type\n1\t2\ta\n")
        ),
        Case(
            "action units, CSV",
            "no frame with a face",
            _cell(0, "success", "0", ","),
            REFUSED,
            "",
            (READERS["action units, CSV"].commands[0],),
        ),
        Case(
            "action units, parquet",
            "cut in half",
            lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]) and None,
        ),
        Case(
            "action units, parquet",
            "without times",
            _parquet(lambda t: t.drop(columns="timestamp")),
        ),
        Case("action units, parquet", "text for AU12", _parquet(lambda t: t.assign(AU12="high"))),
        Case(
            "action units, parquet",
            "times as text",
            _parquet(lambda t: t.assign(timestamp=[f"t{k}" for k in range(len(t))])),
        ),
        Case("action units, parquet", "no rows", _parquet(lambda t: t.iloc[:0])),
        Case(
            "action units, parquet",
            "infinite numbers",
            _parquet(lambda t: t.assign(AU12=np.inf)),
            REFUSED,
            "",
            (READERS["action units, parquet"].commands[0],),
        ),
        Case("landmarks", "other parquet", _write_parquet),
        Case(
            "landmarks",
            "cut in half",
            lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]) and None,
        ),
        Case("reference", "words among numbers", _cell(9, "zyg", "high", ","), REFUSED, "high"),
        Case("reference", "minus of typographers", _text(lambda t: t.replace("-", "−")), READ, ""),
        Case(
            "reference",
            "semicolons, decimal commas",
            _text(lambda t: t.replace(",", ";").replace(".", ",")),
            READ,
        ),
        Case("reference", "no time column", _head("time", "sample"), REFUSED, "time"),
        Case("reference", "times that run back", _rows(lambda rows: rows[::-1]), REFUSED, ""),
        Case(
            "reference",
            "another hour",
            _cell(0, "time", lambda v: str(float(v) + 3600), ","),
            REFUSED,
            "",
        ),
        Case(
            "series",
            "words among numbers",
            _text(lambda t: t.replace("\n", "\nhigh low\n", 3)),
            REFUSED,
            "line",
        ),
        Case("series", "ragged rows", _text(lambda t: t + "1\n"), REFUSED, "line"),
        Case("series", "all missing", _text(lambda t: re.sub(r"[-\d.]+", "NA", t)), REFUSED, ""),
        Case("series", "a constant", _text(lambda t: re.sub(r"[-\d.]+", "1", t)), REFUSED, ""),
        Case(
            "series", "three samples", _text(lambda t: "\n".join(t.splitlines()[:3])), REFUSED, ""
        ),
        Case("series", "minus of typographers", _text(lambda t: t.replace("-", "−")), READ, ""),
    ]
    return made


def _parquet(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def done(path: Path) -> None:
        import pandas as pd

        change(pd.read_parquet(path)).to_parquet(path)

    return done


def _write_parquet(path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": [1, 2]}).to_parquet(path)


def _json(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def done(path: Path) -> None:
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(change(content)), encoding="utf-8")

    return done


def _set(*keys: Any, value: Any) -> Callable[[Path], None]:
    def change(content: Any) -> Any:
        place = content
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        return content

    return _json(change)


def _own() -> list[Case]:
    shapes = {
        "a list": "[]",
        "null": "null",
        "a number": "7",
        "a text": '"x"',
        "an empty object": "{}",
    }
    ends = {
        "sidecar of action units": {"an empty object": READ},
        "sidecar of scores": {},
        "quality of a recording": {},
        "blind state": {},
    }
    made = [
        Case(reader, name, write(text.encode()), own.get(name, REFUSED))
        for reader, own in {
            **ends,
            "manifest": {},
            "preregistration": {},
            "grid": {},
            "protocol": {},
        }.items()
        for name, text in shapes.items()
    ]
    made += [
        Case("sidecar of action units", "columns as a list", _set("columns", value=[1, 2])),
        Case(
            "manifest",
            "an id twice",
            _json(lambda m: {**m, "stimuli": m["stimuli"] * 2}),
            REFUSED,
            "twice",
        ),
        Case("manifest", "an onset as text", _set("stimuli", 0, "onset_s", value="soon")),
        Case(
            "manifest",
            "times and samples of other length",
            _set("stimuli", 0, "times_s", value=[0]),
        ),
        Case("manifest", "infinite times", _set("stimuli", 0, "times_s", 0, value=1e400)),
        Case("manifest", "intensity as a list", _set("stimuli", 0, "intensity", value=[])),
        Case("manifest", "an id that is a list", _set("stimuli", 0, "id", value=["a"])),
    ]
    return made


def _protocols() -> list[Case]:
    add = lambda more: _text(lambda t: f"{t}\n{more}\n")  # noqa: E731 - a short word for many rows
    made = []
    for name, make in (
        ("an unknown key", add("colour: blue")),
        ("a key twice", add("name: other")),
        ("a tab for blanks", add("\tx: 1")),
        ("a Python object", add('evil: !!python/object/apply:os.system ["true"]')),
        ("a bomb of references", add("a: &a [1]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]")),
        ("extends itself", _head("extends: .*", "extends: protocol.yaml")),
        ("extends nothing known", _head("extends: .*", "extends: no-such")),
        ("a negative time", _head("blank_s: .*", "blank_s: -1")),
        ("a time that is no number", _head("blank_s: .*", "blank_s: .nan")),
        ("repeats of a million", _head("repeats: .*", "repeats: 1000000")),
        ("an identity nobody has", _head(r"identities: .*", "identities: [m01, zz9]")),
        ("an unknown swap", _head("swap: .*", "swap: dance")),
        (
            "a window turned round",
            add("  # end")
            if False
            else _text(lambda t: t.replace("scoring:", "scoring:\n  windows: {main: [2.0, 1.0]}")),
        ),
    ):
        made.append(Case("protocol", name, make, REFUSED, "", ("protocol check {f}", SCORE)))
    return made


def _study() -> list[Case]:
    made = [Case("participants", name, make, end) for name, make, end in _ENCODINGS]
    people = "participant_id\tgroup\nsub-01\ta\nsub-02\tb\n"
    for name, text, end, words in (
        (
            "groups by case",
            people.replace("\nsub-02\tb", "\nsub-02\tA"),
            REFUSED,
            "group",
        ),
        ("groups by a blank", people.replace("\tb", "\ta "), REFUSED, "group"),
        ("a person twice", people + "sub-01\tb\n", REFUSED, "twice|01"),
        ("a person twice, once without sub-", people + "01\tb\n", REFUSED, "twice|01"),
        (
            "a column twice",
            "participant_id\tgroup\tgroup\nsub-01\ta\tb\nsub-02\tb\ta\n",
            REFUSED,
            "group",
        ),
        ("nobody of the study", people.replace("sub-0", "sub-9"), REFUSED, ""),
        ("somebody without results", people + "sub-03\tb\n", REFUSED, "03|--incomplete"),
        ("somebody without a row", people.replace("sub-02\tb\n", ""), REFUSED, "02|--incomplete"),
        ("no participant_id", people.replace("participant_id", "id"), REFUSED, "participant_id"),
        ("ragged rows", people + "sub-03\n", REFUSED, ""),
    ):
        made.append(Case("participants", name, write(text.encode()), end, words))
    made += [
        Case("joint scores", "a row twice", _twice(1), REFUSED, "twice|01"),
        Case(
            "joint scores",
            "words among numbers",
            _cell(3, "delta_AU12_main", "high"),
            REFUSED,
            "high",
        ),
        Case("joint scores", "no condition", _head("condition", "kind"), REFUSED, "condition"),
        Case("joint scores", "valid as a word", _cell(0, "valid", "yes"), REFUSED, ""),
        Case("joint scores", "header alone", _rows(lambda _: []), REFUSED, ""),
        Case(
            "joint scores",
            "one person only",
            _rows(lambda rows: [r for r in rows if r[:2] == "01"]),
            REFUSED,
            "--incomplete",
            READERS["joint scores"].commands[1:],
        ),
        Case("grid", "an unknown window", write(b"grid: {window: [never]}"), REFUSED, "never"),
        Case("grid", "an unknown dimension", write(b"grid: {windows: [main]}"), REFUSED, "window"),
        Case("grid", "a Python object", write(b"grid: !!python/name:os.system"), REFUSED, ""),
        Case(
            "preregistration",
            "one letter changed",
            _text(lambda t: t.replace("happy", "hoppy", 1)),
            REFUSED,
            "",
        ),
    ]
    return made


def _names() -> list[Case]:
    """Sound videos and tables with odd names."""

    def called(name: str | bytes) -> Callable[[Path], None]:
        def done(path: Path) -> None:
            folder = os.fsencode(path.parent)
            os.link(path, os.path.join(folder, os.fsencode(name)))  # noqa: PTH118 - bytes

        return done

    made = []
    for name in (
        "sub 01 (copy).csv",
        "Übung-étude.csv",
        "لقطة.csv",
        "-x.csv",
        "a\nb.csv",
        "é" * 100 + ".csv",
        "x;rm -rf.csv",
        "a%sb{}.csv",
    ):
        command = ("synchrony {folder}/" + name.replace(" ", "\x00") + " {au}",)
        made.append(
            Case("action units, CSV", f"named {name[:20]!r}", called(name), READ, "", command)
        )
    return made


def faulty_cases() -> list[Case]:
    """Return every table with a fault."""
    return [
        *_events(),
        *_openface(),
        *_tables(),
        *_own(),
        *_protocols(),
        *_study(),
        *_names(),
    ]
