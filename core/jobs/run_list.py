"""Table of finished runs and unfinished jobs."""

from typing import Any

from core.architecture.model import compute_model
from core.datasets.dataset_key import key_of
from core.datasets.dataset_view import read_info
from core.errors import HeadroomError, HomeError
from core.home import Home
from core.jobs.queue import Job, JobQueue
from core.recipes import recipe_of
from core.spec import DATASETS, SETTINGS
from core.store.run_store import RunStore
from core.store.withheld import list_withheld

COLUMNS = (
    "run_id", "recipe", "elsewhere", "dataset", "folder", "backbone", "model", "head", "seed", "epochs",
    "trained_epochs", "status", "test_accuracy", "test_loss", "params", "keep", "measured_epoch", "withheld",
)  # fmt: skip


def list_runs(home: Home, store: RunStore | None = None) -> list[dict[str, Any]]:
    """Return one row per run with the columns COLUMNS: first the jobs without a result, then the finished runs, each
    newest first. Values that a job does not have yet are None. A finished job is listed once, as a run; a damaged run
    that is being retrained is listed as a job.

    Args:
        store: the home's run store, if the caller has already opened it.
    """
    jobs = [job for job in list_available_jobs(home) if job.state != "finished"]
    retraining = {job.run_id for job in jobs if job.state in ("queued", "running")}
    finished = [row for row in (store or RunStore(home)).list_rows(COLUMNS) if row["run_id"] not in retraining]
    listed = {row["run_id"] for row in finished}
    withheld = list_withheld(home)
    unfinished = (_row(home, job) | {"withheld": job.run_id in withheld} for job in jobs if job.run_id not in listed)
    return [*unfinished, *finished]


def list_available_jobs(home: Home) -> list[Job]:
    """Return all jobs, or none if the job table cannot be read, for lists of runs that stay usable without it."""
    try:
        return JobQueue(home).jobs()
    except HomeError:
        return []


def _row(home: Home, job: Job) -> dict[str, Any]:
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS), "run_id": job.run_id, "status": job.state}
    try:
        spec = job.spec
        recipe = recipe_of(spec)
        row |= {name: getattr(spec, name) for name in COLUMNS if name in SETTINGS}
        row |= {"recipe": recipe.name if recipe else None}
        if (home.datasets / key_of(spec.dataset, spec.folder)).exists():
            info = read_info(home, spec)
            shape, classes = info.input_shape, len(info.classes)
        else:
            shape, classes = DATASETS[spec.dataset].input_shape, len(DATASETS[spec.dataset].classes)
        row |= {"params": compute_model(spec, shape, classes).params}
    except HeadroomError:
        pass  # a job of another version or with a damaged dataset is listed without these values
    return row
