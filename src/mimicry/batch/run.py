"""Many recordings: find them, do on so many cores what is not done yet, say what failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mimicry import files
from mimicry.batch.cluster import run_dask
from mimicry.batch.collect import join_tables
from mimicry.batch.local import run_local
from mimicry.batch.work import Result, without_source
from mimicry.landmarks import checked_model
from mimicry.pipeline.extraction import usable_cores
from mimicry.records import ExtractionOptions
from mimicry.study.failures import Failure, write_failures
from mimicry.study.layout import FAILURES
from mimicry.study.recordings import Plan, Task, plan_batch, shard_of

__all__ = ["Batch", "Watcher", "run_batch"]


class Watcher:
    """What is told while a batch runs; the base class says nothing."""

    def begin(self, plan: Plan) -> None:
        """Take note of the recordings, now that they are known."""

    def frames(self, task: Task, done: int, total: int | None) -> None:
        """Take note of how far a recording is (called from several threads)."""

    def result(self, task: Task, result: Result) -> None:
        """Take note of a recording that is done."""

    def words(self, text: str) -> str:
        """Return the message of a failure as it is to be written."""
        return text


@dataclass(slots=True)
class Batch:
    """What a batch did.

    Parameters
    ----------
    results
        Folder of the results.
    recordings
        One :class:`~mimicry.batch.work.Result` a recording, in the order of discovery; then
        one, failed, for events of the study that have no recording.
    tables
        Joined tables: ``scores``, ``summary``, ``group_latency_refusals``, ``failures``.
    """

    results: Path
    recordings: list[Result] = field(default_factory=list)
    tables: dict[str, Path] = field(default_factory=dict)

    @property
    def failures(self) -> list[Failure]:
        """Rows of ``failures.tsv``."""
        return [Failure(**r.failure) for r in self.recordings if r.failure is not None]


def run_batch(
    inputs: Sequence[str | Path],
    *,
    out: str | Path | None = None,
    protocol: str | Path | None = None,
    stimuli: str | Path | None = None,
    options: ExtractionOptions | None = None,
    jobs: int = 0,
    dask: str | None = None,
    shard: str | None = None,
    delete_video: bool = False,
    watcher: Watcher | None = None,
) -> Batch:
    """Extract, and where there are events score, many recordings.

    What is done already, from the same inputs and settings, is not done again; so a batch that
    was stopped in any way goes on when it is started again. Several batches may run on one
    study at once: each recording is done by one of them.

    Parameters
    ----------
    inputs
        A study, a folder of videos, or files and patterns.
    out, protocol, stimuli
        As in :func:`mimicry.batch.plan_batch`.
    options
        How every recording is extracted, see :class:`mimicry.ExtractionOptions`.
    jobs
        Processes at once; 0: one per usable core. The results do not depend on it.
    dask
        Address of a Dask scheduler that does the work instead.
    shard
        ``"K/N"``: only the K-th of N parts, for arrays of jobs. The study's tables are then
        left to a last run without it.
    delete_video
        Delete each video once its results are complete and its landmarks were read back.
    watcher
        Is told how it goes.

    Returns
    -------
    Batch

    Raises
    ------
    InputError
        When nothing is found or an option is wrong. A bad recording is a failure, no error.
    """
    # how many recordings run at once is the batch's; each has one landmark process or its share
    options = replace(options or ExtractionOptions(), jobs=1)
    checked_model(options.model)
    if options.model is not None:
        options = replace(options, model=Path(options.model).absolute())
    plan = plan_batch(
        inputs,
        out=out,
        protocol=protocol,
        stimuli=stimuli,
        options=options,
        delete_video=delete_video,
    )
    tasks = shard_of(plan.tasks, shard) if shard else list(plan.tasks)
    lost = () if shard else plan.lost  # for the run that writes the study's tables
    files.make_folder(plan.results)
    wanted = Plan(plan.results, tuple(tasks), lost=tuple(lost))
    batch = Batch(plan.results, _do_all(wanted, jobs or usable_cores(), dask, watcher or Watcher()))
    with files.writing(plan.results):
        _write_tables(batch, plan, shard)
    return batch


def _do_all(plan: Plan, jobs: int, dask: str | None, watcher: Watcher) -> list[Result]:
    """Do the recordings of a plan; return the results in its order, those without one last."""
    tasks, lost = plan.tasks, plan.lost
    watcher.begin(Plan(plan.results, (*tasks, *lost)))
    done: dict[str, Result] = {}
    for task, result in _results(tasks, jobs, dask, watcher.frames):
        done[task.recording] = result
        if result.failure is not None:
            result.failure["message"] = watcher.words(result.failure["message"])
        watcher.result(task, result)
    for task in lost:
        done[task.recording] = without_source(task)
        watcher.result(task, done[task.recording])
    return [done[task.recording] for task in (*tasks, *lost)]


def _write_tables(batch: Batch, plan: Plan, shard: str | None) -> None:
    """Write what failed, and the whole study's tables unless this was only a part of it."""
    name = f"failures_{shard.replace('/', '-of-')}.tsv" if shard else FAILURES
    failed = write_failures(plan.results, batch.failures, name=name)
    batch.tables = {} if shard else join_tables(plan)
    if failed:
        batch.tables["failures"] = failed


def _results(
    tasks: Sequence[Task],
    jobs: int,
    dask: str | None,
    show: Callable[[Task, int, int | None], None],
) -> Any:
    if tasks and dask is not None:
        return run_dask(tasks, dask)
    # fewer recordings than cores: the cores left over share the frames of a recording
    each = max(1, jobs // max(1, len(tasks)))
    shared = [replace(task, options=replace(task.options, jobs=each)) for task in tasks]
    return run_local(shared, jobs=jobs, show=show)
