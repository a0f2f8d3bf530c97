"""The same work on a real Dask scheduler, also when a worker dies."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from mimicry.batch import run_batch
from mimicry.batch.cluster import run_dask
from mimicry.errors import InputError
from mimicry.landmarks.guard import guarded_environment

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two worker processes on loopback; gives address and worker processes."""
    env = {**os.environ, "PYTHONPATH": guarded_environment()["PYTHONPATH"]}
    env |= {"DASK_DISTRIBUTED__WORKER__DAEMON": "false"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    log = (tmp_path / "dask.log").open("wb")
    common = {"env": env, "stdout": log, "stderr": log, "cwd": tmp_path}
    scheduler = subprocess.Popen(
        [*base, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], **common
    )
    address = f"tcp://127.0.0.1:{port}"
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
    worker += ["--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
    workers = [subprocess.Popen(worker, **common) for _ in range(2)]
    with distributed.Client(address, timeout="60s") as client:
        client.wait_for_workers(2, timeout=120)
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()
    log.close()


def files_of(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.suffix != ".log"
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # distributed's own, while a worker is torn away
def test_a_cluster_that_loses_a_worker_gives_the_bytes_of_a_local_run(
    cluster, make_video, tmp_path
):
    address, workers = cluster
    folder = tmp_path / "videos"
    folder.mkdir()
    for k in range(8):
        make_video(folder / f"v{k}.mp4", frames=60 + 10 * k)
    out = tmp_path / "cluster"

    def kill_one() -> None:
        while len(list(out.glob("*_au.json"))) < 2:
            time.sleep(0.05)
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    done = run_batch([folder], out=out, dask=address)
    killer.join(timeout=5)
    assert workers[0].poll() is not None
    assert {r.frames for r in done.recordings} == {60 + 10 * k for k in range(8)}
    local = tmp_path / "local"
    run_batch([folder], out=local, jobs=2)
    assert files_of(out) == files_of(local)


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_does_not_answer_is_refused(monkeypatch):
    monkeypatch.setattr("mimicry.batch.cluster._ANSWER_WITHIN", "1s")
    with pytest.raises(InputError, match="`dask`"):
        list(run_dask([], "tcp://127.0.0.1:9"))
