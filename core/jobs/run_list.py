"""Finished runs and the jobs that are not, in one table."""

from typing import Any

import pandas as pd

from core.architecture.model import compute_model
from core.datasets.dataset_key import key_of
from core.datasets.dataset_view import read_info
from core.errors import HeadroomError
from core.home import Home
from core.jobs.queue import Job, JobQueue
from core.recipes import recipe_of
from core.spec import DATASETS
from core.store.run_store import RunStore

COLUMNS = (
    "run_id", "recipe", "dataset", "head", "seed", "epochs", "trained_epochs", "status", "test_accuracy", "test_loss",
    "params",
)  # fmt: skip


def list_runs(home: Home, store: RunStore | None = None) -> pd.DataFrame:
    """One row a run with the columns of COLUMNS: first the jobs without a result, then the finished runs, each newest
    first. What a job does not know yet is missing; a job that trained to its end is the run, listed once, and a
    damaged run that is being trained again is the job.

    Args:
        store: the home's store, when the caller has one with its index read.
    """
    jobs = [job for job in JobQueue(home).jobs() if job.state != "finished"]
    finished = (store or RunStore(home)).frame()[list(COLUMNS)]
    again = {job.run_id for job in jobs if job.state in ("queued", "running")}
    finished = finished[~finished["run_id"].isin(again)].reset_index(drop=True)
    known = set(finished["run_id"])
    rows = [_row(home, job) for job in jobs if job.run_id not in known]
    if not rows:
        return finished
    waiting = pd.DataFrame(rows, columns=list(COLUMNS))
    return pd.concat([waiting.astype(object), finished.astype(object)], ignore_index=True).infer_objects()


def _row(home: Home, job: Job) -> dict[str, Any]:
    row: dict[str, Any] = {"run_id": job.run_id, "status": job.state}
    try:
        spec = job.spec
        recipe = recipe_of(spec)
        row |= {name: getattr(spec, name) for name in ("dataset", "head", "seed", "epochs")}
        row |= {"recipe": recipe.name if recipe else None}
        if (home.datasets / key_of(spec.dataset, spec.folder)).exists():
            info = read_info(home, spec)
            shape, classes = info.input_shape, len(info.classes)
        else:
            shape, classes = DATASETS[spec.dataset].input_shape, len(DATASETS[spec.dataset].classes)
        row |= {"params": compute_model(spec, shape, classes).params}
    except HeadroomError:
        pass  # a job of another version, or its dataset is damaged: the list goes on
    return row
