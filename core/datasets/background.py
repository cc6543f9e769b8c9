"""Computations about datasets in a thread, which all sessions of the dashboard follow."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from core.datasets.cache import CachedDataset
from core.datasets.download import Progress
from core.datasets.findings.findings_file import check_dataset
from core.datasets.findings.image_findings import Findings
from core.datasets.statistics import DatasetStatistics, ensure_statistics
from core.errors import DatasetError
from core.home import Home

T = TypeVar("T")


@dataclass
class BackgroundJob:
    """A computation, with the number of images read so far and the total number; 0 if they are not known."""

    done: int = 0
    total: int = 0
    future: Future[Any] = field(default_factory=Future)

    def report(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total or 0


_jobs: dict[Hashable, BackgroundJob] = {}
_lock = Lock()


def follow_statistics(home: Home, dataset: CachedDataset, wait_seconds: float) -> DatasetStatistics | BackgroundJob:
    """Return the statistics of a dataset, or the computation if it takes longer than `wait_seconds`.

    Raises:
        DatasetError: when the arrays of the dataset cannot be read; the next call tries again.
    """
    return _follow(
        ("statistics", dataset.path, dataset.info.fingerprint),
        lambda report: ensure_statistics(home, dataset, report),
        wait_seconds,
    )


def follow_findings(home: Home, dataset: CachedDataset, wait_seconds: float) -> Findings | BackgroundJob:
    """Return the findings of a dataset, or the search if it takes longer than `wait_seconds`.

    Raises:
        DatasetError: when the dataset cannot be read; the next call tries again.
    """
    info = dataset.info
    return _follow(
        ("findings", dataset.path, info.fingerprint),
        lambda report: check_dataset(home, info.name, info.folder),
        wait_seconds,
    )


def is_searching(dataset: CachedDataset) -> bool:
    """Return whether the findings of a dataset are being computed."""
    return ("findings", dataset.path, dataset.info.fingerprint) in _jobs


def _follow(key: Hashable, compute: Callable[[Progress], T], wait_seconds: float) -> T | BackgroundJob:
    with _lock:
        job = _jobs.get(key)
        if job is None:
            job = _jobs[key] = BackgroundJob()
            job.future = _executor().submit(compute, job.report)
    try:
        found: T = job.future.result(wait_seconds)
    except TimeoutError:
        return job
    except (OSError, ValueError) as error:
        raise DatasetError(f"The images of this dataset cannot be read: {error}.") from error
    finally:
        if job.future.done():
            with _lock:
                _jobs.pop(key, None)
    return found


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "datasets")
