"""Feed nasty inputs to every command that reads such a thing, and count what becomes of them.

    python scripts/hostile_corpus.py            # all of them, and the table
    python scripts/hostile_corpus.py events     # readers whose name holds the word
    python scripts/hostile_corpus.py --write docs/reliability.md

Every input has one right end (refused, read, warned). Anything else is shown: a traceback, a hang
(60 s), another end, more than 2 GB of memory. The exit code is 0 only when nothing is shown.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hostile_inputs import READERS, Case, Reader, spoilt_cases
from hostile_tables import faulty_cases
from hostile_videos import VIDEO_CASES, pictures_of, write_clip

HANG_S = 60
MEMORY_GB = 2.0
ROOM_BYTES = 6 * 10**9
BEGIN, END = "<!-- hostile inputs: begin -->", "<!-- hostile inputs: end -->"


class HangError(BaseException):
    """A command took longer than a minute."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a command did with an input; `fault` is empty when that was right."""

    case: Case
    command: str
    end: str
    fault: str


def main() -> int:
    """Run the corpus; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="readers or inputs whose name holds a word")
    parser.add_argument("--write", type=Path, help="page that holds the table")
    parser.add_argument("--json", type=Path, help="file for the counts")
    options = parser.parse_args()
    # a reader that never ends must not take the machine with it
    resource.setrlimit(resource.RLIMIT_DATA, (ROOM_BYTES, ROOM_BYTES))
    chosen = [
        case
        for case in (*spoilt_cases(), *faulty_cases(), *_videos())
        if not options.words or any(w in f"{case.reader}: {case.name}" for w in options.words)
    ]
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        sound = make_sound(root / "sound")
        runs = []
        for k, case in enumerate(chosen):
            print(f"{k + 1}/{len(chosen)} {case.reader}: {case.name}", file=sys.stderr, flush=True)
            runs += run_case(case, sound, root / str(k))
    faults = [run for run in runs if run.fault]
    memory = peak_gb()
    table = table_of(chosen, runs, memory)
    print(f"\n{table}")
    if options.json:
        counts = {"inputs": len(chosen), "runs": len(runs), "faults": len(faults), "gb": memory}
        options.json.write_text(json.dumps(counts))
    if options.write and not options.words:
        _into(options.write, table)
    return int(bool(faults) or memory > MEMORY_GB)


def _videos() -> list[Case]:
    once = (READERS["video"].commands[0],)
    return [Case("video", name, make, end, words, once) for name, make, end, words in VIDEO_CASES]


# ---- a small sound study, with one file for every reader


def make_sound(folder: Path) -> Path:
    """Make the study that the inputs are spoilt copies of."""
    import pandas as pd

    from mimicry.files import asset_folder
    from mimicry.interchange.au_table import write_au_table
    from mimicry.interchange.tables import read_au_table

    sample = asset_folder("sample_data")
    beh = sample / "sub-01" / "beh"
    folder.mkdir(parents=True)
    shutil.copy(sample / "protocol.yaml", folder / "protocol.yaml")
    shutil.copy(asset_folder("stimuli") / "manifest.json", folder / "manifest.json")
    shutil.copy(_model(), folder / "face.task")
    write_clip(folder / "clip.mp4", pictures_of(beh / "sub-01_task-sample_video.mp4", 25))
    study = folder / "study"
    protocol = folder / "protocol.yaml"
    _do(f"simulate {protocol} --participants 2 --out {study}")
    _do(f"batch {study} --jobs 1")
    _do(f"extract {folder / 'clip.mp4'} --out {folder / 'made'} --jobs 1")
    shutil.copy(folder / "made" / "clip_landmarks.parquet", folder)
    _do(f"prereg {protocol} --out {folder / 'prereg.json'}")
    own = study / "derivatives" / "mimicry" / "sub-01" / "sub-01_task-samplehappyangry_au"
    shutil.copy(own.with_suffix(".parquet"), folder / "x_au.parquet")
    shutil.copy(own.with_suffix(".json"), folder / "x_au.json")
    shutil.copy(own.with_suffix(".parquet"), folder / "sound_au.parquet")
    shutil.copy(own.with_suffix(".json"), folder / "sound_au.json")
    events = study / "sub-01" / "beh" / "sub-01_task-samplehappyangry_events.tsv"
    for name in ("events.tsv", "sound_events.tsv"):
        shutil.copy(events, folder / name)
    track = read_au_table(folder / "x_au.parquet")
    write_au_table(folder, "y", track, format="csv")
    times = track.times_s
    smile, frown = (np.nan_to_num(track.of(name)) for name in ("AU12", "AU04"))
    rows = {"frame": np.arange(1, len(times) + 1), "face_id": 0, "timestamp": times.round(4),
            "confidence": 0.98, "success": 1, "pose_Rx": 0.01, "pose_Ry": 0.0, "pose_Rz": 0.0,
            "AU04_r": frown.round(3), "AU12_r": smile.round(3)}  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "openface.csv", index=False)
    wave = pd.DataFrame({"time": times.round(4), "zyg": smile.round(4)})
    wave.to_csv(folder / "emg.csv", index=False)
    both = np.column_stack([smile, np.roll(smile, 5)])[:3000].round(4)
    np.savetxt(folder / "series.txt", both, fmt="%.4f")
    (folder / "grid.yaml").write_text("grid: {window: [main, late], null: [t]}\n")
    return folder


def _model() -> Path:
    from mimicry.landmarks import checked_model

    return Path(checked_model(None))


def _do(words: str) -> None:
    code, said, _ = invoke(words.split())
    if code:
        raise RuntimeError(f"{words}\n{said}")


# ---- one input


def run_case(case: Case, sound: Path, folder: Path) -> Iterator[Run]:
    """Spoil a copy of the study and run every command on it."""
    reader = READERS[case.reader]
    for command in case.commands or reader.commands:
        copy_of(sound, folder)
        target = folder / reader.file
        if os.path.lexists(target) and not target.is_dir():
            _own_copy(target)
        case.make(target)
        words = _filled(command, reader, folder)
        before = peak_gb()
        code, said, error = invoke(words)
        end, fault = judged(case, code, said, error)
        if before < MEMORY_GB < peak_gb():
            fault = fault or f"needed {peak_gb():.1f} GB"
        shown = " ".join(words).replace(str(folder), "")
        if fault:
            tail = "\n".join(f"    | {line}" for line in said.splitlines()[-6:])
            print(f"\n{reader.name}: {case.name}\n  {shown}\n  {fault}\n{tail}", flush=True)
        yield Run(case, shown, end, fault)
        shutil.rmtree(folder)


def copy_of(sound: Path, folder: Path) -> None:
    """Copy the study by links: only what is spoilt is copied in full."""
    shutil.copytree(sound, folder, copy_function=os.link)
    for path in (folder / "study").rglob("*"):
        if path.is_file() and path.stat().st_size < 1_000_000:
            _own_copy(path)


def _own_copy(path: Path) -> None:
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)


def _filled(command: str, reader: Reader, folder: Path) -> list[str]:
    own = reader.name
    places = {
        "f": folder / reader.file,
        "s": folder / "study",
        "o": folder / "out",
        "folder": folder,
        "au": folder / ("x_au.parquet" if own == "sidecar of action units" else "sound_au.parquet"),
        "events": folder / ("events.tsv" if own == "events" else "sound_events.tsv"),
        "protocol": folder / "protocol.yaml",
        "clip": folder / "clip.mp4",
    }
    filled = []
    for word in command.split(" "):
        for name, path in places.items():
            word = word.replace(f"{{{name}}}", str(path))
        filled.append(word.replace("\x00", " "))
    return filled


def invoke(words: list[str]) -> tuple[int, str, BaseException | None]:
    """Run a command in this process; return exit code, what it printed, and what it raised."""
    from typer.testing import CliRunner

    from mimicry.cli import app

    with limited(HANG_S):
        try:
            result = CliRunner().invoke(app, words)
        except HangError as error:
            return 1, "", error
    error = result.exception
    said = result.output if result.stderr in result.output else result.output + result.stderr
    return result.exit_code, said, None if isinstance(error, SystemExit) else error


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise :class:`HangError` when the block takes longer."""

    def late(*_: Any) -> None:
        raise HangError(f"took longer than {seconds:g} s")

    before: Callable[..., Any] | int | None = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judged(case: Case, code: int, said: str, error: BaseException | None) -> tuple[str, str]:
    """Return the end, and what is wrong with it."""
    if isinstance(error, HangError):
        return "hang", str(error)
    if error is not None or "Traceback" in said or "unexpected:" in said:
        return "traceback", f"{type(error).__name__}: {error}"
    flat = " ".join(said.split())
    if code in (1, 2):
        end = "refused"
        if "error:" not in said and "failed" not in said and "mistake" not in said:
            return end, "refused without a sentence"
    elif code == 0:
        end = "warned" if "warning:" in said else "read"
    else:
        return f"exit {code}", f"exit code {code}"
    if end != case.end and not (case.end == "read" and end == "warned"):
        return end, f"expected {case.end}, was {end}"
    if case.words and not re.search(case.words, flat, re.IGNORECASE):
        return end, f"nothing like {case.words!r} was said"
    return end, ""


# ---- the table


def peak_gb() -> float:
    """Return the largest memory that this process or one it started held, in GB."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) * 1024 / 1e9


def table_of(chosen: list[Case], runs: list[Run], memory: float) -> str:
    """Return the counts as a Markdown table."""
    ends = ("refused", "read", "warned")
    lines = [
        "| what is spoilt | inputs | runs | refused | read | warned | other |",
        "|---" * 7 + "|",
    ]
    for reader in READERS:
        own = [run for run in runs if run.case.reader == reader]
        if not own:
            continue
        inputs = sum(case.reader == reader for case in chosen)
        count = Counter(run.end for run in own if not run.fault)
        cells = [reader, inputs, len(own), *(count[end] for end in ends)]
        cells.append(sum(bool(run.fault) for run in own))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    kinds = Counter(run.end for run in runs if run.fault)
    total = (
        f"{len(chosen)} inputs, {len(runs)} runs: {kinds['traceback']} tracebacks, "
        f"{kinds['hang']} hangs (limit {HANG_S} s), {sum(bool(r.fault) for r in runs)} other ends "
        f"in all; memory stayed below {np.ceil(memory * 10) / 10:.1f} GB (limit {MEMORY_GB:g})."
    )
    lines += ["", total]
    return "\n".join(lines)


def _into(page: Path, table: str) -> None:
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    page.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    started = time.monotonic()
    status = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(status)
