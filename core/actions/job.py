"""Trainings: asking for them, and what becomes of the queue."""

from collections.abc import Iterable, Sequence

from core.access.action import needs
from core.access.role import Role, User
from core.home import Home
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.queue import JobQueue, State
from core.jobs.submit import Submission, cancel_job, requeue_job, submit_all, unpause_queue
from core.jobs.sweep_status import SweepRunState, resubmit_failed, submit_sweep
from core.jobs.sweep_store import Sweep
from core.spec import RunSpec


@needs(Role.TRAINER, "train")
def train_runs(user: User, home: Home, specs: Iterable[RunSpec]) -> list[Submission]:
    """As `submit_all`."""
    return submit_all(home, specs, submitted_by=user.name)


@needs(Role.TRAINER, "train")
def train_sweep(
    user: User,
    home: Home,
    recipe: str,
    settings: Iterable[str],
    specs: Sequence[RunSpec],
    budget_minutes: int | None,
) -> Sweep:
    """As `submit_sweep`."""
    return submit_sweep(home, recipe, settings, specs, budget_minutes)


@needs(Role.TRAINER, "train")
def retry_sweep(user: User, home: Home, sweep: Sweep, *states: SweepRunState) -> int:
    """As `retry`."""
    return resubmit_failed(home, sweep, *states)


@needs(Role.TRAINER, "train")
def retry_job(user: User, home: Home, run_id: str, state: State) -> Submission:
    """As `again`."""
    return requeue_job(home, run_id, state, submitted_by=user.name)


@needs(Role.TRAINER, "stop a training")
def cancel_jobs(user: User, home: Home, run_ids: Iterable[str]) -> None:
    """As `cancel`, one after the other."""
    for run_id in run_ids:
        cancel_job(home, run_id)


@needs(Role.TRAINER, "change the queue")
def move_job(user: User, home: Home, run_id: str, places: int) -> None:
    """As `JobQueue.move`."""
    JobQueue(home).move(run_id, places)


@needs(Role.TRAINER, "change the queue")
def pause_queue(user: User, home: Home) -> None:
    """As `JobQueue.pause`."""
    JobQueue(home).pause(user.name)


@needs(Role.TRAINER, "change the queue")
def resume_queue(user: User, home: Home) -> None:
    """Unpause the queue (see `unpause_queue`)."""
    unpause_queue(home)


@needs(Role.TRAINER, "start trainings")
def process_queue(user: User, home: Home) -> None:
    """As `ensure_dispatcher`: what waits is started even when the process that does so was lost."""
    ensure_dispatcher(home)
