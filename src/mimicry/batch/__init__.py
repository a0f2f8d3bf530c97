"""Many recordings: batches on one machine or a cluster, resumable; a failure is a row."""

from mimicry.batch.cluster import sbatch_script
from mimicry.batch.run import Batch, Watcher, run_batch
from mimicry.batch.work import Result
from mimicry.study.recordings import Plan, Task, plan_batch

__all__ = ["Batch", "Plan", "Result", "Task", "Watcher", "plan_batch", "run_batch", "sbatch_script"]
