"""Blocking wait for runs, with their progress for the command line."""

import time
from collections.abc import Callable, Iterable

from core.errors import JobError
from core.home import Home
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.progress import Progress, read_progress
from core.jobs.queue import JobQueue, State
from core.store.run_store import RunStore

OnProgress = Callable[[str, State, Progress | None], None]

_ENSURE_SECONDS = 2.0


def wait(
    home: Home, run_ids: Iterable[str], on_progress: OnProgress | None = None, *, every_seconds: float = 0.25
) -> dict[str, State]:
    """Wait until every run is finished, failed or cancelled, and return the final states. Restarts a killed dispatcher.

    Args:
        on_progress: called with run ID, state and progress of every run in each poll, including the last.
        every_seconds: seconds between polls.

    Raises:
        JobError: when an ID belongs to neither a run nor a job.
    """
    queue, store = JobQueue(home), RunStore(home)
    requested = list(dict.fromkeys(run_ids))
    ensured_at = -_ENSURE_SECONDS
    while True:
        jobs = {job.run_id: job.state for job in queue.jobs()}
        states: dict[str, State] = {}
        for run_id in requested:
            if run_id not in jobs and store.path(run_id) is None:
                raise JobError(f"Run {run_id!r:.60} was not found; it may have been deleted.")
            states[run_id] = jobs.get(run_id, "finished")
        if on_progress:
            for run_id, state in states.items():
                on_progress(run_id, state, read_progress(home, run_id))
        if not {"queued", "running"} & set(states.values()):
            return states
        if time.monotonic() - ensured_at >= _ENSURE_SECONDS:
            ensure_dispatcher(home)
            ensured_at = time.monotonic()
        time.sleep(every_seconds)
