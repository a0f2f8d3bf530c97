"""Nothing leaves the machine: the system calls of a whole batch with its worker processes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mimicry.landmarks.guard import guarded_environment


@pytest.mark.usefixtures("strace")
def test_a_batch_opens_no_connection_and_looks_up_no_name(clips: Path, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(clips / "single_face.mp4", tmp_path / name)
    log = tmp_path / "calls.txt"
    trace = ["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg,bind"]
    path = guarded_environment()["PYTHONPATH"].split(os.pathsep)[0]
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    run = subprocess.run(
        [
            *(*trace, "-o", str(log), sys.executable, "-m", "mimicry", "batch", str(tmp_path)),
            *("--jobs", "2", "--json"),
        ],
        env={**environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    tables = list(tmp_path.rglob("*_au.parquet"))
    assert len(tables) == 2
    assert all(pd.read_parquet(t).success.sum() == 72 for t in tables)
    calls = log.read_text().splitlines()
    assert len({line.split()[0] for line in calls}) > 2, "the workers are traced too"
    assert [x for x in calls if re.search(r"AF_INET6?|sin6?_addr", x)] == []
