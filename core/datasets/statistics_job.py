"""Computation of the statistics of a dataset in a thread, followed by all sessions of the dashboard."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock

from core.datasets.cache import CachedDataset
from core.datasets.statistics import DatasetStatistics, ensure_statistics
from core.errors import DatasetError
from core.home import Home


@dataclass
class StatisticsJob:
    """A computation, with the number of images read so far and the total number; 0 before it begins."""

    done: int = 0
    total: int = 0
    future: Future[DatasetStatistics] = field(default_factory=Future)

    def report(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total or 0


_jobs: dict[tuple[Path, str], StatisticsJob] = {}
_lock = Lock()


def follow_statistics(home: Home, dataset: CachedDataset, wait_seconds: float) -> DatasetStatistics | StatisticsJob:
    """Return the statistics of a dataset, or the computation if it takes longer than `wait_seconds`.

    Raises:
        DatasetError: when the arrays of the dataset cannot be read; the next call tries again.
    """
    key = dataset.path, dataset.info.fingerprint
    with _lock:
        job = _jobs.get(key)
        if job is None:
            job = _jobs[key] = StatisticsJob()
            job.future = _executor().submit(ensure_statistics, home, dataset, job.report)
    try:
        found = job.future.result(wait_seconds)
    except TimeoutError:
        return job
    except (OSError, ValueError) as error:
        raise DatasetError(f"The images of {dataset.info.label} cannot be read: {error}.") from error
    finally:
        if job.future.done():
            with _lock:
                _jobs.pop(key, None)
    return found


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "statistics")
