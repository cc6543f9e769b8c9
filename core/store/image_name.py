"""Names of the source files of test images, as a user added them."""

from functools import lru_cache
from pathlib import Path

import pandas as pd

from core.datasets.cache import open_dataset
from core.datasets.report import FILES
from core.errors import DatasetError, HomeError
from core.home import Home
from core.store.run import Run


def name_test_images(home: Home, run: Run) -> tuple[str, ...] | None:
    """Return the file of each test image of a run, relative to the added folder.

    Returns None if the names are not known: the dataset has none, is not available, or has changed since.
    """
    try:
        dataset = open_dataset(home, run.spec.dataset, run.spec.folder)
        written = (dataset.path / FILES).stat().st_mtime_ns
    except (DatasetError, HomeError, OSError):
        return None
    if dataset.info.fingerprint != run.record.data.fingerprint:
        return None
    return _read(dataset.path / FILES, written, run.record.data.test_images)


@lru_cache(maxsize=4)
def _read(path: Path, written: int, count: int) -> tuple[str, ...] | None:
    try:
        found = pd.read_parquet(path, columns=["row", "file"], filters=[("split", "==", "test")])
    except (OSError, ValueError):
        return None
    names = found.sort_values("row")
    complete = names["row"].tolist() == list(range(count))
    return tuple(map(str, names["file"])) if complete else None
