"""Asking for a sweep, how it fares, and asking again for what it lacks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import HeadroomError
from core.home import Home
from core.jobs.estimate import TimeEstimate, TimeEstimator
from core.jobs.local_executor import read_slots
from core.jobs.progress import Progress, read_progress
from core.jobs.queue import Job, JobQueue
from core.jobs.submit import Checker, submit_all
from core.jobs.sweep_plan import compute_rest
from core.jobs.sweep_store import Sweep, keep_sweep
from core.spec import RunSpec
from core.store.run import read_history
from core.store.run_store import RunStore

SweepRunState = Literal["queued", "running", "finished", "failed", "cancelled", "not started"]


def submit_sweep(
    home: Home, recipe: str, settings: Iterable[str], specs: Sequence[RunSpec], budget_minutes: int | None = None
) -> Sweep:
    """Keeps the sweep and queues what is not cached.

    Args:
        specs: pinned to their data, as `plan` gives them.

    Raises:
        DatasetError, SpecError, JobError, HomeError: as `submit_all`.
    """
    sweep = keep_sweep(home, recipe, settings, specs, budget_minutes)  # first: the dispatcher reads the budget in it
    submit_all(home, specs, submitted_by=sweep.submitted_by)
    return sweep


def resubmit_failed(home: Home, sweep: Sweep, *states: SweepRunState) -> int:
    """Queues the members in these states again and returns how many there are; a budget begins anew.

    Raises:
        DatasetError, SpecError, JobError, HomeError: as `submit_all`.
    """
    members = read_sweep_status(home, sweep, RunStore(home)).members
    specs = [member.spec for member in members if member.state in states]
    if specs:
        again = keep_sweep(home, sweep.recipe, sweep.settings, sweep.specs, sweep.budget_minutes)
        submit_all(home, specs, submitted_by=again.submitted_by)
    return len(specs)


@dataclass(frozen=True)
class SweepRunStatus:
    """How one member fares. `reason` says why it failed or was not started; accuracy and epochs are those of the
    validation, so far or in the end."""

    spec: RunSpec
    state: SweepRunState
    reason: str = ""
    progress: Progress | None = None
    params: int | None = None
    accuracy: float | None = None
    test_accuracy: float | None = None
    epochs: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class SweepStatus:
    """How a sweep fares; `left` is the time till its last member is done, None when it is or nobody can say."""

    members: tuple[SweepRunStatus, ...]
    left: TimeEstimate | None

    @property
    def counts(self) -> Counter[SweepRunState]:
        return Counter(member.state for member in self.members)

    @property
    def ended(self) -> bool:
        return not {"queued", "running"} & self.counts.keys()


def read_sweep_status(home: Home, sweep: Sweep, store: RunStore, estimator: TimeEstimator | None = None) -> SweepStatus:
    """Reads the table of jobs, the list of runs and the progress of what runs.

    Args:
        estimator: for the time that is left; None leaves it out.
    """
    frame = store.frame().set_index("run_id")
    jobs = {job.run_id: job for job in JobQueue(home).jobs()}
    finished = {run_id: frame.loc[run_id] for run_id in {spec.run_id for spec in sweep.specs} & set(frame.index)}
    checker = Checker(home)
    members = [_stand(home, checker, spec, finished.get(spec.run_id), jobs.get(spec.run_id)) for spec in sweep.specs]
    left = None
    if estimator:
        order = {run_id: place for place, run_id in enumerate(reversed(jobs))}
        open_ones = [member for member in members if member.state in ("queued", "running")]
        open_ones.sort(key=lambda member: (member.state == "queued", order[member.spec.run_id]))
        left = estimator.queue(
            [work for member in open_ones if (work := compute_rest(checker, member.spec, member.epochs or 0))],
            read_slots(),
        )
    return SweepStatus(tuple(members), left)


def _stand(home: Home, checker: Checker, spec: RunSpec, row: Any, job: Job | None) -> SweepRunStatus:
    if row is not None and (job is None or job.state not in ("queued", "running")):
        return SweepRunStatus(
            spec, "finished", params=int(row["params"]), accuracy=float(row["validation_accuracy"]),
            test_accuracy=float(row["test_accuracy"]), epochs=int(row["trained_epochs"]),
            seconds=float(row["train_seconds"]),
        )  # fmt: skip
    params = _count_params(checker, spec)
    if job is None or job.state == "finished":  # its run was removed since
        return SweepRunStatus(
            spec, "not started", "Its run is not here: never queued, or removed since.", params=params
        )
    if job.state == "cancelled" and job.reason:
        return SweepRunStatus(spec, "not started", job.reason, params=params)
    progress = read_progress(home, job.run_id) if job.state == "running" else None
    history = read_history(home.jobs / job.run_id / "history.jsonl") if job.state == "running" else None
    accuracy = float(history["val_accuracy"].iloc[-1]) if history is not None and len(history) else None
    epochs = None if history is None else len(history)
    return SweepRunStatus(spec, job.state, job.reason, progress, params, accuracy, epochs=epochs)


def _count_params(checker: Checker, spec: RunSpec) -> int | None:
    try:
        return checker.check(spec).model.params
    except HeadroomError:
        return None
