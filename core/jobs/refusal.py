"""Errors for changes that the state of a job does not allow."""

from typing import TYPE_CHECKING

from core.errors import JobStateError

if TYPE_CHECKING:
    from core.jobs.queue import Job, State

_STATES = {
    "queued": "is queued", "running": "is running", "finished": "is finished", "failed": "has failed",
    "cancelled": "is cancelled",
}  # fmt: skip


def build_refusal(run_id: str, job: "Job | None", change: str, *states: "State") -> JobStateError:
    """Return the error: "Job 0123456789ab is finished; only failed jobs can be retried.".

    Args:
        job: the job in its present state; None if the run has none.
        change: what was attempted, as a participle.
        states: the states that allow it.
    """
    if job is None:
        return JobStateError(f"Run {run_id!r:.60} has no job; only {' and '.join(states)} jobs can be {change}.")
    state = "is being cancelled" if job.cancel and job.state == "running" else _STATES[job.state]
    if job.state in states:  # since a moment
        return JobStateError(f"Job {run_id} {state} now, and was not a moment ago. Try again.")
    return JobStateError(f"Job {run_id} {state}; only {' and '.join(states)} jobs can be {change}.")
