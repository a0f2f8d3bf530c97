"""Sample single faults put into the source, and count those that a test notices.

    python scripts/mutation_sample.py map                       # once: which test runs which line
    python scripts/mutation_sample.py run --rooms kernels scoring --count 40 --seed 1
    python scripts/mutation_sample.py table --survivors

A mutant runs the tests that cover its line first, and the other tests of its file and of its
room only when it survives these. Source is changed in temporary copies, never in the tree. A
sample does not move when the source around it changes: mutants are drawn by the hash of the seed
and of their key (file, function, line of source, changed line). Results are one line of JSON a
mutant; a second run goes on where the first one stopped. ``scripts/mutants_equivalent.tsv`` lists
the mutants that change nothing, with the reason. Needs Python 3.12 (sys.monitoring).
"""

import argparse
import csv
import hashlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mutants import PACKAGE, ROOT, Mutant, sample

EQUIVALENT = ROOT / "scripts" / "mutants_equivalent.tsv"
CACHE = ROOT / "benchmarks" / ".cache"
DEFAULT_TESTS = "not slow and not serial"


def equivalent() -> dict[tuple[str, ...], str]:
    """Read which mutants change nothing, and why."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return {tuple(row[:4]): row[4] for row in rows}


class Coverage:
    """Pytest plugin that notes which lines of the package each test runs (sys.monitoring)."""

    def __init__(self, target: Path) -> None:
        self.target, self.gathered, self.failed = target, [set()], set()
        self.fixtures: dict[int, set[tuple[str, int]]] = {}
        self.tests: dict[str, tuple[float, set[tuple[str, int]]]] = {}
        self.monitor = sys.monitoring
        tool, event = self.monitor.COVERAGE_ID, self.monitor.events.LINE
        self.monitor.use_tool_id(tool, "mutation_sample")
        self.monitor.register_callback(tool, event, self.line)
        self.monitor.set_events(tool, event)

    def line(self, code: Any, number: int) -> Any:
        """Note a line, once a test."""
        if code.co_filename.startswith(str(PACKAGE)) and code.co_name != "<module>":
            self.gathered[-1].add((code.co_filename[len(str(PACKAGE)) + 1 :], number))
        return self.monitor.DISABLE

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Any:
        """Count what a shared fixture runs for every test that uses it."""
        self.monitor.restart_events()
        self.gathered.append(set())
        try:
            return (yield)
        finally:
            lines = self.gathered.pop()
            self.fixtures.setdefault(id(fixturedef), set()).update(lines)
            self.gathered[-1].update(lines)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Leave tests out that do not pass without a fault."""
        if not report.passed:
            self.failed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Any:
        """Gather the lines of one test."""
        self.gathered, start = [set()], time.perf_counter()
        self.monitor.restart_events()
        answer = yield
        lines = self.gathered[0]
        for made in item._fixtureinfo.name2fixturedefs.values():
            lines = lines.union(*(self.fixtures.get(id(each), set()) for each in made))
        if item.nodeid not in self.failed:
            self.tests[item.nodeid] = (time.perf_counter() - start, lines)
        return answer

    def pytest_sessionfinish(self) -> None:
        """Write the map: for each line its tests as bits, and the time of each test."""
        files: dict[str, dict[int, int]] = {}
        for k, (_, covered) in enumerate(self.tests.values()):
            for file, number in covered:
                lines = files.setdefault(file, {})
                lines[number] = lines.get(number, 0) | 1 << k
        content = {
            "tests": [(name, round(seconds, 4)) for name, (seconds, _) in self.tests.items()],
            "files": {f: {n: hex(b) for n, b in lines.items()} for f, lines in files.items()},
            "digests": {f: digest(PACKAGE / f) for f in files},
        }
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.target.write_text(json.dumps(content), encoding="utf-8")


def digest(path: Path) -> str:
    """Return the hash of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


class Choice:
    """Chooses the tests of a mutant from the map."""

    def __init__(self, path: Path, patience: float) -> None:
        content = json.loads(path.read_text(encoding="utf-8"))
        self.tests, self.patience = content["tests"], patience
        self.files, self.digests = content["files"], content["digests"]

    def stages(self, mutant: Mutant) -> tuple[list[str], list[str]]:
        """Return the tests of the line, then others of the file and the room; quick ones first."""
        bits = {int(n): int(b, 16) for n, b in self.files.get(mutant.file, {}).items()}
        of_file = 0
        for each in bits.values():
            of_file |= each
        same = self.digests.get(mutant.file) == digest(PACKAGE / mutant.file)
        of_line = bits.get(mutant.line, 0) if same else of_file
        room = f"tests/{mutant.file.split('/')[0]}/"
        first, others = [], []
        for k, (name, seconds) in enumerate(self.tests):
            near = name.startswith(room)
            if of_line >> k & 1:
                first.append((not near, seconds, name))
            elif near or of_file >> k & 1:
                others.append((not near, seconds, name))
        return self.within(first), self.within(others)

    def within(self, tests: list[tuple[bool, float, str]]) -> list[str]:
        """Return the names of as many tests as patience allows."""
        kept, spent = [], 0.0
        for _, seconds, name in sorted(tests):
            spent += seconds
            if spent > self.patience and kept:
                break
            kept.append(name)
        return kept


class Copy:
    """A copy of the source in which one fault at a time is tried."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mutants-"))
        shutil.copytree(ROOT / "src", self.folder / "src")
        for name in ("protocols", "stimuli", "sample_data"):
            (self.folder / name).symlink_to(ROOT / name)
        self.environment = os.environ | {
            "PYTHONPATH": str(self.folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",  # two faults within a second would share their bytecode
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self.folder / "hypothesis"),
        }

    def judge(self, mutant: Mutant, choice: Choice) -> tuple[str, str]:
        """Return ``killed`` or ``survived``, and by what or after how many tests."""
        path = self.folder / "src" / "mimicry" / mutant.file
        text, stat = path.read_text(encoding="utf-8"), path.stat()
        path.write_text(mutant.text, encoding="utf-8")
        stages = choice.stages(mutant)
        try:
            for tests in stages:
                killer = self.killer(mutant, tests, choice.patience) if tests else ""
                if killer:
                    return "killed", killer
        finally:
            path.write_text(text, encoding="utf-8")
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return "survived", f"{len(stages[0])} of its line, {len(stages[1])} others"

    def killer(self, mutant: Mutant, tests: list[str], patience: float) -> str:
        """Return what noticed the fault; nothing when nothing did."""
        names = self.folder / "tests.txt"
        names.write_text("\n".join(t for t in tests if "\n" not in t), encoding="utf-8")
        options = ["-x", "-q", "--tb=no", "-p", "no:randomly", "-p", "no:cacheprovider"]
        python = [sys.executable, "-m", "pytest", *options, "-m", ""]
        status, said = self.call([*python, f"@{names}"], 60 + 6 * patience)
        if status in (2, 3, 4):
            module = mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            if self.call([sys.executable, "-c", f"import mimicry.{module}"], 60)[0]:
                return "import"
            files = sorted({t.split("::")[0] for t in tests if (ROOT / t.split("::")[0]).exists()})
            status, said = self.call([*python, *files], 60 + 6 * patience)  # tests were renamed
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
        return "" if status in (0, 5) else failed[1] if failed else f"exit status {status}"

    def call(self, command: list[str], limit: float) -> tuple[int, str]:
        """Run a command on the copy; too long is a failure too."""
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=self.environment, timeout=limit, capture_output=True,
                text=True, errors="replace", check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return 1, "FAILED timeout"
        return done.returncode, done.stdout


def judged(results: Path) -> dict[tuple[str, ...], dict[str, str]]:
    """Read what was found so far, by key."""
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    rows = [json.loads(line) for line in lines]
    return {(r["file"], r["function"], r["source"], r["replacement"]): r for r in rows}


def run(mutants: list[Mutant], results: Path, choice: Choice, jobs: int) -> None:
    """Judge the mutants that have no verdict yet."""
    known, known_equal = judged(results), equivalent()
    waiting = [m for m in mutants if m.key not in known and m.key not in known_equal]
    copies: queue.Queue[Copy] = queue.Queue()
    for _ in range(jobs):
        copies.put(Copy())

    def one(mutant: Mutant) -> None:
        copy = copies.get()
        verdict, why = copy.judge(mutant, choice)
        copies.put(copy)
        row = dict(zip(("file", "function", "source", "replacement"), mutant.key, strict=True))
        row |= {"line": mutant.line, "kind": mutant.kind, "verdict": verdict, "why": why}
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(f"{verdict:8} {mutant.file}:{mutant.line} {mutant.replacement}  [{why}]", flush=True)

    try:
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, waiting))
    finally:
        while not copies.empty():
            shutil.rmtree(copies.get().folder, ignore_errors=True)


def table(mutants: list[Mutant], results: Path, *, survivors: bool) -> str:
    """Return the table room x killed, survived, equivalent, and the survivors if wanted."""
    known, known_equal = judged(results), equivalent()
    counts: dict[str, Counter[str]] = {}
    alive = []
    for m in mutants:
        same = m.key in known_equal
        verdict = "equivalent" if same else known.get(m.key, {}).get("verdict", "not judged")
        for room in (m.file.split("/")[0], "all"):
            counts.setdefault(room, Counter())[verdict] += 1
        if verdict == "survived":
            alive.append(f"{m.file}:{m.line} in {m.function}\n  - {m.source}\n  + {m.replacement}")
    lines = [f"{'room':14}killed  survived  equivalent  share killed"]
    for room in sorted(counts, key=lambda name: (name == "all", name)):
        killed, survived, same = (counts[room][v] for v in ("killed", "survived", "equivalent"))
        share = f"{killed / (killed + survived):.0%}" if killed + survived else "-"
        lines.append(f"{room:14}{killed:6}{survived:10}{same:12}{share:>14}")
    return "\n".join(lines + (alive if survivors else []))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("map", "run", "table"))
    parser.add_argument("--rooms", nargs="*", default=[], help="default: all")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--patience", type=float, default=60.0, help="seconds of tests a stage")
    parser.add_argument("--tests", nargs="*", default=["tests"], help="of the map")
    parser.add_argument("--marked", default=DEFAULT_TESTS, help="tests of the map, as pytest's -m")
    parser.add_argument("--map", type=Path, default=CACHE / "line_tests.json")
    parser.add_argument("--results", type=Path, default=CACHE / "mutants.jsonl")
    parser.add_argument("--survivors", action="store_true", help="list them below the table")
    given = parser.parse_args()
    if given.what == "map":
        words = ["-q", "-p", "no:randomly", "-m", given.marked, *given.tests]
        sys.exit(pytest.main(words, plugins=[Coverage(given.map.absolute())]))
    mutants = sample(given.rooms, given.count, given.seed)
    if given.what == "run":
        run(mutants, given.results, Choice(given.map, given.patience), given.jobs)
    print(table(mutants, given.results, survivors=given.survivors))


if __name__ == "__main__":
    main()
