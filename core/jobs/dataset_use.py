"""Unfinished jobs that need a dataset."""

from core.datasets.dataset_key import label_of, split_key
from core.errors import DatasetError
from core.files import parse_json
from core.home import Home
from core.jobs.queue import JobQueue


def check_unused(home: Home, key: str) -> None:
    """Check that no queued or running job needs a dataset.

    Raises:
        DatasetError: when a job does.
    """
    users = [job.run_id for job in JobQueue(home).unfinished() if _uses(job.spec_json, *split_key(key))]
    if users:
        jobs = "1 unfinished job" if len(users) == 1 else f"{len(users)} unfinished jobs"
        raise DatasetError(f"{label_of(key)} is in use by {jobs}. Cancel with: headroom jobs cancel {users[0]}")


def _uses(spec_json: str, dataset: str, folder: str) -> bool:
    """Read the stored JSON directly, so that jobs of other versions count too."""
    try:
        spec = parse_json(spec_json)
    except ValueError:
        return False
    return isinstance(spec, dict) and (spec.get("dataset"), spec.get("folder", "")) == (dataset, folder)
