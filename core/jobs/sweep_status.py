"""Submission and status of sweeps, and resubmission of their missing runs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import HeadroomError
from core.home import Home
from core.jobs.estimate import TimeEstimate, TimeEstimator
from core.jobs.health import is_starting, read_live_progress
from core.jobs.local_executor import read_slots
from core.jobs.progress import Progress
from core.jobs.queue import Job, JobQueue
from core.jobs.submit import Checker, Submission, submit_all
from core.jobs.sweep_plan import compute_remaining_work
from core.jobs.sweep_store import Sweep, keep_sweep
from core.spec import RunSpec
from core.store.history import read_history
from core.store.run_store import RunStore

SweepRunState = Literal["queued", "running", "finished", "failed", "cancelled", "not started"]


def submit_sweep(
    home: Home,
    recipe: str,
    settings: Iterable[str],
    specs: Sequence[RunSpec],
    budget_minutes: int | None = None,
    by: str = "",
) -> Sweep:
    """Save the sweep and queue its runs that are not cached.

    Args:
        specs: specs with the fingerprint of their data, as returned by `plan_sweep`.
        by: the user who submits it, who gets a notice when it has ended.

    Raises:
        DatasetError, SpecError, JobError, HomeError: see `submit_all`.
    """
    sweep = keep_sweep(home, recipe, settings, specs, budget_minutes, by)  # first: the dispatcher reads its budget
    submit_all(home, specs, submitted_by=sweep.submitted_by)
    return sweep


def resubmit_failed(home: Home, sweep: Sweep, *states: SweepRunState) -> list[Submission]:
    """Queue the runs in these states again. A time budget restarts.

    Raises:
        DatasetError, SpecError, JobError, HomeError: see `submit_all`.
    """
    members = read_sweep_status(home, sweep, RunStore(home)).members
    specs = [member.spec for member in members if member.state in states]
    if not specs:
        return []
    renewed = keep_sweep(home, sweep.recipe, sweep.settings, sweep.specs, sweep.budget_minutes, sweep.by)
    return submit_all(home, specs, submitted_by=renewed.submitted_by)


@dataclass(frozen=True)
class SweepRunStatus:
    """Status of one run of a sweep. `reason` is why it failed or was not started; `accuracy` is the validation accuracy
    after `epochs` epochs, which is the current epoch while it is training."""

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
    """Status of a sweep. `left` is the estimated time until its last run ends; None if unknown or ended."""

    members: tuple[SweepRunStatus, ...]
    left: TimeEstimate | None

    @property
    def counts(self) -> Counter[SweepRunState]:
        return Counter(member.state for member in self.members)

    @property
    def ended(self) -> bool:
        return not {"queued", "running"} & self.counts.keys()


def read_sweep_status(home: Home, sweep: Sweep, store: RunStore, estimator: TimeEstimator | None = None) -> SweepStatus:
    """Return the status of a sweep from the job table, the run store and the progress of running jobs.

    Args:
        estimator: estimator of the remaining time; None to skip the estimate.
    """
    frame = store.frame().set_index("run_id")
    jobs = {job.run_id: job for job in JobQueue(home).jobs()}
    finished = {run_id: frame.loc[run_id] for run_id in {spec.run_id for spec in sweep.specs} & set(frame.index)}
    checker, starting = Checker(home), is_starting(home)
    members = [
        _read_run_status(home, checker, spec, finished.get(spec.run_id), jobs.get(spec.run_id), starting)
        for spec in sweep.specs
    ]
    left = None
    if estimator:
        order = {run_id: index for index, run_id in enumerate(reversed(jobs))}
        unfinished = [member for member in members if member.state in ("queued", "running")]
        unfinished.sort(key=lambda member: (member.state == "queued", order[member.spec.run_id]))
        left = estimator.estimate_queue(
            [
                work
                for member in unfinished
                if (work := compute_remaining_work(checker, member.spec, member.epochs or 0))
            ],
            read_slots(),
        )
    return SweepStatus(tuple(members), left)


def _read_run_status(
    home: Home, checker: Checker, spec: RunSpec, row: Any, job: Job | None, starting: bool
) -> SweepRunStatus:
    if row is not None and (job is None or job.state not in ("queued", "running")):
        return SweepRunStatus(
            spec, "finished", params=int(row["params"]), accuracy=float(row["validation_accuracy"]),
            test_accuracy=float(row["test_accuracy"]), epochs=int(row["trained_epochs"]),
            seconds=float(row["train_seconds"]),
        )  # fmt: skip
    params = _count_params(checker, spec)
    if job is None or job.state == "finished":  # the run was deleted
        return SweepRunStatus(spec, "not started", "This run was never queued, or it was deleted.", params=params)
    if job.state == "cancelled" and job.reason:
        return SweepRunStatus(spec, "not started", job.reason, params=params)
    progress = read_live_progress(home, job, starting)
    history = read_history(home.jobs / job.run_id / "history.jsonl") if job.state == "running" else None
    accuracy = float(history["val_accuracy"].iloc[-1]) if history is not None and len(history) else None
    epochs = None if history is None else len(history)
    return SweepRunStatus(spec, job.state, job.reason, progress, params, accuracy, epochs=epochs)


def _count_params(checker: Checker, spec: RunSpec) -> int | None:
    try:
        return checker.check(spec).model.params
    except HeadroomError:
        return None
