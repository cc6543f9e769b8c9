"""Next steps after a command that the state of a job does not allow."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import JobStateError
from core.home import Home

_CANCEL = "To cancel it, run: headroom jobs cancel {0}"
_NEXT = {
    "queued": f"It starts automatically. To start it next, run: headroom jobs first {{0}}. {_CANCEL}",
    "training": f"To see its progress, run: headroom show {{0}}. {_CANCEL}",
    "stopping": "After it has stopped, run: headroom jobs resume {0}",
    "finished": "To see its results, run: headroom show {0}",
    "failed": "To see the reason, run: headroom show {0}. To retry it, run: headroom jobs retry {0}",
    "cancelled": "To resume it from its checkpoint, run: headroom jobs resume {0}",
    "deleted": "Its run was deleted. Restore it on the Runs page, or train it again.",
}


@contextmanager
def explaining_refusal(home: Home, run_id: str) -> Iterator[None]:
    """Add to an error about the state of a job what can be done in this state.

    Raises:
        JobStateError: with the next command.
    """
    try:
        yield
    except JobStateError as error:
        raise JobStateError(f"{error} {_describe_next(home, run_id)}") from error


def _describe_next(home: Home, run_id: str) -> str:
    from core.jobs.queue import JobQueue
    from core.jobs.run_lookup import find_run
    from core.store.run_store import RunStore

    found = find_run(home, RunStore(home), run_id)
    state: str = "failed" if found.state == "diverged" else found.state
    if state == "training" and found.job and found.job.cancel:
        state = "stopping"
    if state == "queued" and JobQueue(home).paused():
        return f"The queue is paused. To start queued jobs, run: headroom jobs unpause. {_CANCEL.format(run_id)}"
    return found.problem if state == "damaged" else _NEXT[state].format(run_id)
