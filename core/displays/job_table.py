"""The queue as two tables: what waits or runs, and what has ended."""

from collections.abc import Mapping, Sequence

import pandas as pd

from core.analysis.summary import SeedMean
from core.displays.number import format_count, format_loss, format_seconds
from core.displays.progress import describe_age, describe_progress
from core.errors import HeadroomError
from core.jobs.progress import Progress
from core.jobs.queue import Job
from core.spec import DATASETS, HEADS, RunSpec

WAITING = (
    "Training", "State", "Progress", "Epoch", "Loss", "Images/s", "Time left", "Dataset", "Attempt", "Asked by", "Run"
)  # fmt: skip
ENDED = ("Training", "State", "Reason", "Ended", "Took", "Dataset", "Attempts", "Asked by", "Run")


def read_spec(job: Job) -> RunSpec | None:
    """None for a job that this version cannot read: of a newer one, or with a head whose file is gone."""
    try:
        return job.spec
    except HeadroomError:
        return None


def write_name(job: Job) -> str:
    spec = read_spec(job)
    if spec is None:
        return f"Job {job.run_id}"
    return f"{HEADS[spec.head].label} · {DATASETS[spec.dataset].label} · seed {spec.seed}"


def _tell(job: Job) -> dict[str, object]:
    """The training and its dataset in columns of their own, so that the first stays narrow."""
    spec = read_spec(job)
    if spec is None:
        return {"Training": f"Job {job.run_id}", "Dataset": "–"}
    return {"Training": f"{HEADS[spec.head].label} · seed {spec.seed}", "Dataset": DATASETS[spec.dataset].label}


def list_active_jobs(jobs: Sequence[Job], said: Mapping[str, Progress | None]) -> pd.DataFrame:
    """One row a job, those that run first, the others in the order they will be started; the columns of WAITING.

    Args:
        said: progress by run id; may lack what has said nothing yet.
    """
    ordered = sorted(jobs, key=lambda job: job.state != "running")
    return pd.DataFrame([_describe_waiting(job, said.get(job.run_id)) for job in ordered], columns=list(WAITING))


def _describe_waiting(job: Job, progress: Progress | None) -> dict[str, object]:
    share, words = describe_progress(job.state, progress)
    state = "stopping" if job.cancel else words.partition(" · ")[0]
    training = job.state == "running" and progress is not None and progress.phase == "training"
    known = progress if training and progress else Progress()
    epoch = f"{min((known.epoch or 0) + 1, known.epochs)} of {known.epochs}" if known.epochs else "–"
    return {
        **_tell(job),
        "State": "training" if training and not job.cancel else state,
        "Progress": share * 100,
        "Epoch": epoch,
        "Loss": "–" if known.loss is None else format_loss(SeedMean(known.loss, None, 1)),
        "Images/s": format_count(known.images_per_second) if known.images_per_second else "–",
        "Time left": "–" if known.eta_seconds is None else format_seconds(known.eta_seconds),
        "Attempt": str(job.attempt) if job.attempt else "–",
        "Asked by": job.submitted_by or "–",
        "Run": job.run_id,
    }


def list_completed_jobs(jobs: Sequence[Job], now: float) -> pd.DataFrame:
    """One row a job in the given order, with the columns of ENDED.

    Args:
        now: in seconds since 1970.
    """
    return pd.DataFrame([_describe_ended(job, now) for job in jobs], columns=list(ENDED))


def _describe_ended(job: Job, now: float) -> dict[str, object]:
    seconds = None if job.started_at is None or job.ended_at is None else job.ended_at - job.started_at
    return {
        **_tell(job),
        "State": job.state,
        "Reason": job.reason or "–",
        "Ended": "–" if job.ended_at is None else describe_age(now - job.ended_at),
        "Took": "–" if seconds is None or seconds < 0 else format_seconds(seconds),  # a clock may go backwards
        "Attempts": str(job.attempt) if job.attempt else "–",
        "Asked by": job.submitted_by or "–",
        "Run": job.run_id,
    }
