"""Actions on jobs: submit, retry, cancel, reorder and pause."""

from collections.abc import Iterable, Sequence

from core.access.action import needs
from core.access.role import Role, User
from core.home import Home
from core.installation import find_training_problem
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.queue import JobQueue, State
from core.jobs.submit import Submission, cancel_job, requeue_job, revive_jobs, submit_all, unpause_queue
from core.jobs.sweep_status import SweepRunState, resubmit_failed, submit_sweep
from core.jobs.sweep_store import Sweep
from core.spec import RunSpec


@needs(Role.TRAINER, "start training", find_training_problem)
def train_runs(user: User, home: Home, specs: Iterable[RunSpec]) -> list[Submission]:
    """Queue runs (see `submit_all`)."""
    return submit_all(home, specs, submitted_by=user.name)


@needs(Role.TRAINER, "start training", find_training_problem)
def train_sweep(
    user: User,
    home: Home,
    recipe: str,
    settings: Iterable[str],
    specs: Sequence[RunSpec],
    budget_minutes: int | None,
) -> Sweep:
    """Queue a sweep (see `submit_sweep`)."""
    return submit_sweep(home, recipe, settings, specs, budget_minutes, user.name)


@needs(Role.TRAINER, "start training", find_training_problem)
def retry_sweep(user: User, home: Home, sweep: Sweep, *states: SweepRunState) -> list[Submission]:
    """Queue the runs of a sweep in the given states again (see `resubmit_failed`)."""
    return resubmit_failed(home, sweep, *states)


@needs(Role.TRAINER, "start training", find_training_problem)
def retry_job(user: User, home: Home, run_id: str, state: State) -> Submission:
    """Queue a cancelled or failed job again (see `requeue_job`)."""
    return requeue_job(home, run_id, state, submitted_by=user.name)


@needs(Role.TRAINER, "cancel jobs")
def cancel_jobs(user: User, home: Home, run_ids: Iterable[str]) -> None:
    """Cancel jobs (see `cancel_job`)."""
    for run_id in run_ids:
        cancel_job(home, run_id)


@needs(Role.TRAINER, "change the queue")
def move_job(user: User, home: Home, run_id: str, positions: int) -> None:
    """Move a queued job by a number of positions (see `JobQueue.move`)."""
    JobQueue(home).move(run_id, positions)


@needs(Role.TRAINER, "change the queue")
def pause_queue(user: User, home: Home) -> None:
    """Pause the queue (see `JobQueue.pause`)."""
    JobQueue(home).pause(user.name)


@needs(Role.TRAINER, "change the queue")
def resume_queue(user: User, home: Home) -> None:
    """Unpause the queue (see `unpause_queue`)."""
    unpause_queue(home)


@needs(Role.TRAINER, "start training", find_training_problem)
def process_queue(user: User, home: Home) -> None:
    """Start the dispatcher if it is not running (see `ensure_dispatcher`), so that queued jobs start."""
    ensure_dispatcher(home)


@needs(Role.TRAINER, "start training", find_training_problem)
def revive_queue(user: User, home: Home) -> list[str]:
    """Start the dispatcher, and restart running jobs without a sign of life (see `revive_jobs`)."""
    return revive_jobs(home)
