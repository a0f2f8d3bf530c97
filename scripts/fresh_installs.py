"""Install a wheel into fresh environments; run ``doctor``, ``demo`` and the tests of reading there.

    python scripts/fresh_installs.py WHEEL PYTHON [PYTHON ...]

Every Python gets the newest allowed dependencies; the last one (the oldest) once more the oldest.
Two environments are made at a time. What each showed is printed; 1 when one of them failed.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from oldest_versions import EXTRAS, constraints

TESTS = Path(__file__).resolve().parents[1] / "tests"
READING = [str(TESTS / "capture"), str(TESTS / "landmarks" / "test_extract.py")]
SHOWN = {
    *("av", "dask", "jinja2", "matplotlib", "mediapipe", "numba", "numpy", "opencv-contrib-python"),
    *("pandas", "pyarrow", "pydantic", "scipy", "starlette", "statsmodels", "typer", "uvicorn"),
}


def run(folder: Path, *words: str) -> str:
    """Run a command in `folder`, away from the source tree, and return what it printed."""
    ours = ("PYTHON", "MIMICRY_FACE", "MIMICRY_TEST_STRICT")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    done = subprocess.run(
        words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def fresh(python: str, wheel: Path, *, oldest: bool) -> tuple[bool, str, str]:
    """Make one environment; return whether all went well, what to print, and the demo's table."""
    start = time.monotonic()
    which = "oldest" if oldest else "newest"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = folder / "venv" / "bin"
        (folder / "limits.txt").write_text(constraints() if oldest else "")
        text = f"== {python}, {which} allowed dependencies"
        try:
            run(folder, python, "-m", "venv", "venv")
            pip = (str(programs / "python"), "-m", "pip", "--disable-pip-version-check")
            extras = ",".join(EXTRAS)
            run(
                folder, *pip, "install", "--quiet", "--only-binary", ":all:", "-c", "limits.txt",
                f"facial-mimicry[{extras}] @ {wheel.resolve().as_uri()}",
            )  # fmt: skip
            run(folder, *pip, "check")
            versions = [v.split("==") for v in run(folder, *pip, "freeze").lower().split("\n")]
            text += "\n" + ", ".join(" ".join(v) for v in versions if v[0] in SHOWN)
            installed = time.monotonic() - start
            mimicry = str(programs / "mimicry")
            text += "\n" + run(folder, mimicry, "doctor", "--no-camera")
            lines = run(folder, mimicry, "demo", "--jobs", "1").splitlines()
            text += "\n".join(lines[-11:])
            # what is said of the environment itself differs
            table = "\n".join(line for line in lines if str(folder) not in line)
            run(
                folder, *pip, "install", "--quiet", "pytest>=8.2", "pytest-socket", "pytest-timeout"
            )
            python_here = str(programs / "python")
            tested = run(
                folder, python_here, "-m", "pytest", "-q", "-p", "no:cacheprovider", *READING
            )
            text += f"\n{tested.splitlines()[-1]}"
            text += f"\ninstalled in {installed:.0f} s, all in {time.monotonic() - start:.0f} s\n"
        except RuntimeError as error:
            return False, f"{text}\nFAILED {error}\n", ""
    return True, text, table


def main() -> int:
    """Run all environments and print what they showed."""
    wheel, pythons = Path(sys.argv[1]), sys.argv[2:]
    jobs = [(python, False) for python in pythons] + [(pythons[-1], True)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda job: fresh(job[0], wheel, oldest=job[1]), jobs))
    for _, text, _ in found:
        print(text, flush=True)
    if len({table for _, _, table in found}) > 1:
        print("the demos' tables differ between the environments", flush=True)
    return int(not all(good for good, _, _ in found))


if __name__ == "__main__":
    sys.exit(main())
