"""The same work on a cluster: any Dask scheduler, or a plain array of jobs."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mimicry.batch.local import run_alone
from mimicry.batch.work import Result, lost
from mimicry.errors import InputError, MissingExtraError
from mimicry.study.recordings import Task

__all__ = ["run_dask", "sbatch_script"]

_ANSWER_WITHIN = "20s"


def run_dask(tasks: Sequence[Task], address: str) -> Iterator[tuple[Task, Result]]:
    """Do tasks on a Dask scheduler; give results as they come.

    The workers need this package and the same paths. When a worker dies, Dask gives its tasks
    to another one.

    Parameters
    ----------
    tasks
        What to do, the largest first.
    address
        Of the scheduler, such as ``tcp://10.0.0.5:8786``.

    Raises
    ------
    MissingExtraError
        When Dask is not installed.
    InputError
        When no scheduler answers.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise MissingExtraError("pip install 'facial-mimicry[cluster]'") from error
    try:
        client = Client(address, timeout=_ANSWER_WITHIN)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address!r}", key="`dask`", hint="Check the address."
        ) from error
    with client:
        ordered = sorted(tasks, key=lambda t: -t.size)
        futures = {client.submit(_remote, t.to_json(), pure=False): t for t in ordered}
        for future in as_completed(list(futures)):
            task = futures[future]
            if future.status == "error":
                yield task, lost(task, str(future.exception()))
            else:
                yield task, Result(**future.result())


def _remote(task: dict[str, Any]) -> dict[str, Any]:
    """Do one task on the worker's machine, in a process that ends with the worker."""
    return run_alone(Task.from_json(task)).to_json()


def sbatch_script(inputs: Sequence[str | Path], parts: int, options: Sequence[str]) -> str:
    """Return a Slurm script that does a batch as an array of `parts` jobs."""
    named = " ".join(shlex.quote(str(Path(p).absolute())) for p in inputs)
    command = f"{shlex.quote(sys.executable)} -m mimicry batch {named}"
    chosen = "".join(f" {shlex.quote(option)}" for option in options)
    return f"""#!/bin/bash
#SBATCH --job-name=mimicry
#SBATCH --array=1-{parts}
#SBATCH --cpus-per-task=2
#SBATCH --mem-per-cpu=1G
#SBATCH --time=24:00:00
#SBATCH --requeue
# Every job does its share. A job that is stopped goes on where it was when started again.
# When all are done, run once without --shard: it repeats nothing and joins the tables.
#   {command}{chosen}
set -eu
{command}{chosen} --jobs "${{SLURM_CPUS_PER_TASK:-1}}" \\
  --shard "${{SLURM_ARRAY_TASK_ID}}/{parts}"
"""
