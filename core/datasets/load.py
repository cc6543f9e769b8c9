"""Loading and checking of the arrays of a dataset, before they are cached."""

from contextlib import nullcontext

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import UNREADABLE, Downloads, quiet_keras
from core.errors import DatasetError


def load_arrays(dataset: Dataset, files: Downloads) -> Arrays:
    """Load and check the arrays. If files in the cache of Keras are unusable, download them once more."""
    local = dataset.bundled or files.placed() is not None
    problem: str | None = None
    for _attempt in range(2):
        try:
            with nullcontext() if local else quiet_keras():
                assert dataset.load
                arrays = dataset.load(files)
            problem = dataset.find_problem(arrays)
        except UNREADABLE as error:
            problem = f"The files of {dataset.label} cannot be read: {error}."
        if problem is None:
            return arrays
        if local:
            break
        files.discard()
    raise DatasetError(problem)
