"""Lookup of one run in any state: finished, in the queue, failed, damaged or deleted."""

from dataclasses import dataclass
from typing import Literal

from core.errors import HeadroomError, HomeError, RunDamagedError, RunError, RunNotFoundError
from core.home import Home
from core.jobs.failure_reason import DIVERGED
from core.jobs.queue import Job, JobQueue
from core.spec import RunSpec
from core.store.run import Run
from core.store.run_store import RunStore

RunState = Literal["finished", "queued", "training", "failed", "diverged", "cancelled", "damaged", "deleted"]


@dataclass(frozen=True)
class FoundRun:
    """A run with its state.

    `run` is None without a readable record, `job` if the run was not trained in this home. `problem` is the reason of
    a failure or the damage; empty otherwise.
    """

    run_id: str
    state: RunState
    run: Run | None = None
    job: Job | None = None
    problem: str = ""

    @property
    def spec(self) -> RunSpec | None:
        """The spec; None if it cannot be read."""
        if self.run is not None:
            return self.run.spec
        try:
            return self.job.spec if self.job else None
        except HeadroomError:
            return None


def find_run(home: Home, store: RunStore, prefix: str) -> FoundRun:
    """Return the run whose ID starts with the given characters, which must be unique.

    Raises:
        RunNotFoundError: when no run matches, or several do.
        HomeError: when the home cannot be read.
    """
    run_id = _complete(home, store, prefix)
    job = _find_job(home, run_id)
    run, problem = None, ""
    try:
        run = store.open(run_id)
        run.verify()
    except RunDamagedError as error:
        problem = str(error)
    except RunError:
        pass
    if job and job.state in ("queued", "running") and (run is None or problem):
        return FoundRun(run_id, _read_state(job), run, job)
    if problem:
        return FoundRun(run_id, "damaged", run, job, problem)
    if run:
        return FoundRun(run_id, "finished", run, job)
    state = _read_state(job)
    return FoundRun(run_id, state, None, job, job.reason if job and state != "deleted" else "")


def find_state(home: Home, run_id: str) -> RunState:
    """Return the state of a run without results, by its job; "deleted" without one."""
    return _read_state(_find_job(home, run_id))


def _read_state(job: Job | None) -> RunState:
    if job is None or job.state == "finished":
        return "deleted"
    if job.state == "running":
        return "training"
    return "diverged" if job.state == "failed" and job.reason.startswith(DIVERGED) else job.state


def _complete(home: Home, store: RunStore, prefix: str) -> str:
    """Return the ID of a run, a job, a damaged folder or a deleted run that starts with a prefix."""
    if _is_known(home, store, prefix):
        return prefix
    listed = {*store.list_ids(), *store.damaged(), *store.deleted()}
    found = sorted(name for name in listed if prefix and name.startswith(prefix))
    if len(found) > 1:
        raise RunNotFoundError(f"{prefix!r:.60} matches {len(found)} runs; enter more characters.")
    if not found:
        raise RunNotFoundError(f"Run {prefix!r:.60} was not found; it may have been deleted permanently.")
    return found[0]


def _is_known(home: Home, store: RunStore, run_id: str) -> bool:
    try:
        store.open(run_id)
    except RunDamagedError:
        return True
    except RunNotFoundError:
        return run_id in store.deleted() or _find_job(home, run_id) is not None
    return True


def _find_job(home: Home, run_id: str) -> Job | None:
    """Return the job of a run; None if it has none or the queue cannot be read."""
    try:
        return JobQueue(home).job(run_id)
    except HomeError:
        return None
