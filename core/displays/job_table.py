"""Tables of the queue: running and queued jobs, and completed jobs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.analysis.seed_mean import SeedMean
from core.datasets.dataset_key import label_of_spec
from core.displays.number import format_accuracy, format_count, format_loss, format_seconds
from core.displays.progress import describe_age, describe_progress, describe_time_left
from core.errors import HeadroomError
from core.home import hide_paths
from core.jobs.progress import Progress
from core.jobs.queue import Job
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.run_store import RunStore
from core.store.setting_text import describe_setting, describe_value

if TYPE_CHECKING:
    import pandas as pd

ACTIVE_COLUMNS = (
    "Job", "Status", "Progress", "Epoch", "Loss", "Images/s", "Time left", "Dataset", "Attempt", "Submitted by", "Run"
)  # fmt: skip
COMPLETED_COLUMNS = (
    "Job", "Status", "Test accuracy", "Reason", "Completed", "Duration", "Dataset", "Attempts", "Submitted by", "Run"
)  # fmt: skip


def read_spec(job: Job) -> RunSpec | None:
    """Return the spec of a job; None if this version cannot read it (newer version, or the head no longer exists)."""
    try:
        return job.spec
    except HeadroomError:
        return None


def read_accuracy(store: RunStore, job: Job) -> float | None:
    """Return the test accuracy of a finished job; None if it is withheld, or its run was deleted or is damaged."""
    if job.state != "finished":
        return None
    try:
        run = store.open(job.run_id)
        return None if run.is_withheld else run.record.metrics.test_accuracy
    except HeadroomError:
        return None


def format_test_accuracy(accuracy: float | None) -> str:
    """
    >>> format_test_accuracy(0.873), format_test_accuracy(None)
    ('87.3%', '–')
    """
    return "–" if accuracy is None else format_accuracy(SeedMean(accuracy, None, 1))


def write_names(jobs: Sequence[Job]) -> dict[str, str]:
    """Return a name per run ID: head, dataset, the hyperparameters in which the jobs differ, and seed."""
    differing = list_differing(jobs)
    return {job.run_id: write_name(job, differing) for job in jobs}


def write_name(job: Job, differing: Sequence[str] = ()) -> str:
    """Return "GAP · Digits · seed 0", with these hyperparameters before the seed."""
    spec = read_spec(job)
    if spec is None:
        return f"Job {job.run_id}"
    settings = [describe_setting(name, getattr(spec, name)) for name in differing if spec.uses(name)]
    return " · ".join([HEADS[spec.head].label, label_of_spec(spec), *settings, f"seed {spec.seed}"])


def list_differing(jobs: Sequence[Job]) -> list[str]:
    """Return the hyperparameters in which jobs with the same dataset differ, such as those of a sweep."""
    groups: dict[tuple[str, str], list[RunSpec]] = {}
    for job in jobs:
        if spec := read_spec(job):
            groups.setdefault((spec.dataset, spec.folder), []).append(spec)
    separate = ("head", "seed", "dataset", "folder", "data")
    return [
        name
        for name in SETTINGS
        if name not in separate
        and any(len({getattr(spec, name) for spec in specs if spec.uses(name)}) > 1 for specs in groups.values())
    ]


def list_setting_values(job: Job, differing: Sequence[str]) -> dict[str, str]:
    """Return the column of each of these hyperparameters, "–" where the job does not use it."""
    spec = read_spec(job)
    return {
        SETTINGS[name].label: describe_value(name, getattr(spec, name)) if spec and spec.uses(name) else "–"
        for name in differing
    }


def _name_cells(job: Job, differing: Sequence[str]) -> dict[str, object]:
    """Return the columns Job, Dataset and one per differing hyperparameter."""
    spec, values = read_spec(job), list_setting_values(job, differing)
    if spec is None:
        return {"Job": job.run_id, "Dataset": "–", **values}
    return {
        "Job": f"{HEADS[spec.head].label} · seed {spec.seed}",
        "Dataset": label_of_spec(spec),
        **values,
    }


def list_active_jobs(jobs: Sequence[Job], progress: Mapping[str, Progress | None]) -> "pd.DataFrame":
    """Return one row per job with the ACTIVE_COLUMNS and the differing hyperparameters: running jobs first, then queued
    jobs in starting order.

    Args:
        progress: progress by run ID. Jobs without progress may be missing.
    """
    import pandas as pd

    ordered = sorted(jobs, key=lambda job: job.state != "running")
    differing = list_differing(ordered)
    rows = [_name_cells(job, differing) | _describe_active(job, progress.get(job.run_id)) for job in ordered]
    return pd.DataFrame(rows, columns=_insert_differing(ACTIVE_COLUMNS, differing))


def _describe_active(job: Job, progress: Progress | None) -> dict[str, object]:
    share, text = describe_progress(job.state, progress)
    state = "stopping" if job.cancel else text.partition(" · ")[0]
    silent = bool(progress and progress.silent_seconds)
    training = job.state == "running" and not silent and progress is not None and progress.phase == "training"
    known = progress if training and progress else Progress()
    epoch = f"{min((known.epoch or 0) + 1, known.epochs)} of {known.epochs}" if known.epochs else "–"
    return {
        "Status": "training" if training and not job.cancel else state,
        "Progress": share * 100,
        "Epoch": epoch,
        "Loss": "–" if known.loss is None else format_loss(SeedMean(known.loss, None, 1)),
        "Images/s": format_count(known.images_per_second) if known.images_per_second else "–",
        "Time left": "–" if known.eta_seconds is None else describe_time_left(known.eta_seconds).removesuffix(" left"),
        "Attempt": str(job.attempt) if job.attempt else "–",
        "Submitted by": job.submitted_by or "–",
        "Run": job.run_id,
    }


def list_completed_jobs(jobs: Sequence[Job], now: float, store: RunStore) -> "pd.DataFrame":
    """Return one row per job in the given order with the COMPLETED_COLUMNS.

    Args:
        now: seconds since 1970.
    """
    import pandas as pd

    differing = list_differing(jobs)
    rows = [_name_cells(job, differing) | _describe_completed(job, now, store) for job in jobs]
    return pd.DataFrame(rows, columns=_insert_differing(COMPLETED_COLUMNS, differing))


def _insert_differing(columns: Sequence[str], differing: Sequence[str]) -> list[str]:
    """Return the columns with those of the differing hyperparameters after the first."""
    return [columns[0], *(SETTINGS[name].label for name in differing), *columns[1:]]


def _describe_completed(job: Job, now: float, store: RunStore) -> dict[str, object]:
    seconds = None if job.started_at is None or job.ended_at is None else job.ended_at - job.started_at
    return {
        "Status": job.state,
        "Test accuracy": format_test_accuracy(read_accuracy(store, job)),
        "Reason": hide_paths(job.reason) if job.reason else "–",
        "Completed": "–" if job.ended_at is None else describe_age(now - job.ended_at),
        "Duration": "–" if seconds is None or seconds < 0 else format_seconds(seconds),  # the clock may be set back
        "Attempts": str(job.attempt) if job.attempt else "–",
        "Submitted by": job.submitted_by or "–",
        "Run": job.run_id,
    }
