"""Batches: jobs that were submitted together, and whether they have ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import HeadroomError
from core.home import Home
from core.jobs.queue import Job, JobQueue
from core.recipes import recipe_of
from core.store.run_store import RunStore


@dataclass(frozen=True)
class EndedBatch:
    """IDs of runs that were submitted together and have all ended, and of those with results."""

    run_ids: tuple[str, ...]
    finished: tuple[str, ...]

    @property
    def lost(self) -> int:
        """The number of runs without results."""
        return len(self.run_ids) - len(self.finished)


def find_ended(store: RunStore, run_ids: Sequence[str]) -> EndedBatch | None:
    """Return the batch of these runs; None while one of them is queued or running."""
    unfinished = {job.run_id for job in JobQueue(store.home).unfinished()}
    if unfinished & set(run_ids):
        return None
    return EndedBatch(tuple(run_ids), tuple(run_id for run_id in run_ids if store.path(run_id)))


def list_latest_batch(home: Home, since: float) -> list[Job]:
    """Return the jobs that were submitted together with the newest ended job; empty if none of them ended after `since`
    (seconds since 1970) or one of them has not ended."""
    jobs = JobQueue(home).batch()
    all_ended = all(job.state not in ("queued", "running") for job in jobs)
    return jobs if all_ended and any((job.ended_at or 0.0) >= since for job in jobs) else []


def name_recipe(job: Job) -> str:
    """Return the recipe of a job, or its dataset if no recipe fits."""
    try:
        recipe = recipe_of(job.spec)
        return recipe.name if recipe else job.spec.dataset
    except HeadroomError:
        return f"job {job.run_id}"


def list_finished_together(store: RunStore, run_id: str) -> list[str]:
    """Return the IDs of the runs with results that were submitted together with a run, itself included."""
    jobs = JobQueue(store.home).batch(run_id)
    return [run_id, *(job.run_id for job in jobs if job.run_id != run_id and store.path(job.run_id))]
