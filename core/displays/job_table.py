"""Tables of the queue: running and queued jobs, and completed jobs."""

from collections.abc import Mapping, Sequence

import pandas as pd

from core.analysis.summary import SeedMean
from core.displays.number import format_count, format_loss, format_seconds
from core.displays.progress import describe_age, describe_progress
from core.errors import HeadroomError
from core.home import hide_paths
from core.jobs.progress import Progress
from core.jobs.queue import Job
from core.spec import DATASETS, HEADS, RunSpec

ACTIVE_COLUMNS = (
    "Job", "Status", "Progress", "Epoch", "Loss", "Images/s", "Time left", "Dataset", "Attempt", "Submitted by", "Run"
)  # fmt: skip
COMPLETED_COLUMNS = ("Job", "Status", "Reason", "Completed", "Duration", "Dataset", "Attempts", "Submitted by", "Run")


def read_spec(job: Job) -> RunSpec | None:
    """Return the spec of a job; None if this version cannot read it (newer version, or the head no longer exists)."""
    try:
        return job.spec
    except HeadroomError:
        return None


def write_name(job: Job) -> str:
    spec = read_spec(job)
    if spec is None:
        return f"Job {job.run_id}"
    return f"{HEADS[spec.head].label} · {DATASETS[spec.dataset].label} · seed {spec.seed}"


def _name_cells(job: Job) -> dict[str, object]:
    """Return the columns Job and Dataset; separate, so that the first column stays narrow."""
    spec = read_spec(job)
    if spec is None:
        return {"Job": job.run_id, "Dataset": "–"}
    return {"Job": f"{HEADS[spec.head].label} · seed {spec.seed}", "Dataset": DATASETS[spec.dataset].label}


def list_active_jobs(jobs: Sequence[Job], progress: Mapping[str, Progress | None]) -> pd.DataFrame:
    """Return one row per job with the ACTIVE_COLUMNS: running jobs first, then queued jobs in starting order.

    Args:
        progress: progress by run ID. Jobs without progress may be missing.
    """
    ordered = sorted(jobs, key=lambda job: job.state != "running")
    return pd.DataFrame(
        [_describe_active(job, progress.get(job.run_id)) for job in ordered], columns=list(ACTIVE_COLUMNS)
    )


def _describe_active(job: Job, progress: Progress | None) -> dict[str, object]:
    share, text = describe_progress(job.state, progress)
    state = "stopping" if job.cancel else text.partition(" · ")[0]
    training = job.state == "running" and progress is not None and progress.phase == "training"
    known = progress if training and progress else Progress()
    epoch = f"{min((known.epoch or 0) + 1, known.epochs)} of {known.epochs}" if known.epochs else "–"
    return {
        **_name_cells(job),
        "Status": "training" if training and not job.cancel else state,
        "Progress": share * 100,
        "Epoch": epoch,
        "Loss": "–" if known.loss is None else format_loss(SeedMean(known.loss, None, 1)),
        "Images/s": format_count(known.images_per_second) if known.images_per_second else "–",
        "Time left": "–" if known.eta_seconds is None else format_seconds(known.eta_seconds),
        "Attempt": str(job.attempt) if job.attempt else "–",
        "Submitted by": job.submitted_by or "–",
        "Run": job.run_id,
    }


def list_completed_jobs(jobs: Sequence[Job], now: float) -> pd.DataFrame:
    """Return one row per job in the given order with the COMPLETED_COLUMNS.

    Args:
        now: seconds since 1970.
    """
    return pd.DataFrame([_describe_completed(job, now) for job in jobs], columns=list(COMPLETED_COLUMNS))


def _describe_completed(job: Job, now: float) -> dict[str, object]:
    seconds = None if job.started_at is None or job.ended_at is None else job.ended_at - job.started_at
    return {
        **_name_cells(job),
        "Status": job.state,
        "Reason": hide_paths(job.reason) if job.reason else "–",
        "Completed": "–" if job.ended_at is None else describe_age(now - job.ended_at),
        "Duration": "–" if seconds is None or seconds < 0 else format_seconds(seconds),  # the clock may be set back
        "Attempts": str(job.attempt) if job.attempt else "–",
        "Submitted by": job.submitted_by or "–",
        "Run": job.run_id,
    }
