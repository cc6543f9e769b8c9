"""Batches: jobs that were submitted together, and whether they have ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.home import Home
from core.jobs.queue import Job, JobQueue
from core.store.run_store import RunStore

_TOGETHER_SECONDS = 2.0  # one submission takes less
_MAX_JOBS = 250


@dataclass(frozen=True)
class EndedBatch:
    """Runs that were submitted together and have all ended: IDs of those with results, and the number without."""

    finished: tuple[str, ...]
    lost: int


def find_ended(store: RunStore, run_ids: Sequence[str]) -> EndedBatch | None:
    """Return the batch of these runs; None while one of them is queued or running."""
    unfinished = {job.run_id for job in JobQueue(store.home).unfinished()}
    if unfinished & set(run_ids):
        return None
    finished = tuple(run_id for run_id in run_ids if store.path(run_id))
    return EndedBatch(finished, len(run_ids) - len(finished))


def list_latest_batch(home: Home, since: float) -> list[Job]:
    """Return the jobs that were submitted together with the newest job; empty if it was submitted earlier than `since`
    (seconds since 1970) or one of them has not ended."""
    queue = JobQueue(home)
    ended = queue.ended(_MAX_JOBS)
    if not ended or (ended[0].ended_at or 0.0) < since:
        return []
    newest = ended[0]

    def is_together(job: Job) -> bool:
        return job.submitted_by == newest.submitted_by and abs(job.queued_at - newest.queued_at) < _TOGETHER_SECONDS

    return [] if any(map(is_together, queue.unfinished())) else [job for job in ended if is_together(job)]
