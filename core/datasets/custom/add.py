"""Adding custom datasets; their images are converted to arrays on disk."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.augment.fit import Fit
from core.datasets.atomic_folder import check_space, resuming
from core.datasets.cache import CachedDataset, open_dataset
from core.datasets.custom.build import build_dataset
from core.datasets.custom.file_identity import check_new, compute_identity
from core.datasets.custom.image_files import Collection
from core.datasets.dataset_key import key_of_name, split_key
from core.datasets.download import Progress
from core.datasets.fetch import check_free, fetching
from core.datasets.report import DatasetReport
from core.errors import DatasetError
from core.home import Home
from core.plural import format_plural
from core.spec import DATASETS, SETTINGS


def add_dataset(
    home: Home,
    name: str,
    path: Path,
    *,
    side: int | None = None,
    fit: Fit = "crop",
    source: str = "",
    origin: str = "",
    progress: Progress | None = None,
) -> CachedDataset:
    """Add the images at a path to the home, atomically. Files at the path are not changed.

    If it is interrupted, the next call with the same files and settings continues.

    Files that cannot be read are skipped and listed in `skipped.txt`.

    Args:
        name: `celeba`, or a new name for a folder with one subfolder per class.
        path: The folder, an archive of it, or Parquet files (`core.datasets.trees.source_tree`).
        side: Side length in pixels of the squares to which images of a folder are resized; 256 by default.
        fit: How images of a folder that are not square become squares.
        source: Address of an archive that was downloaded.
        origin: Name of the files that is stored, `source` or the name of `path` by default.
        progress: Callback that receives the number of files read so far and the total number.

    Raises:
        DatasetError: when the name or the files at the path are invalid.
        HomeError: when the home cannot be written, or there is not enough disk space.
    """
    key = _check(home, name, side)
    with fetching(home, key, progress, unit="files") as report:
        check_free(home, key)  # another process may have added it in the meantime
        with _list(key, path, side, fit) as collection:
            identity = compute_identity(path, collection, source)
            check_new(home, identity)
            with resuming(home.datasets / key, identity) as target:
                _build(target, key, collection, report, source or origin or path.name, identity)
    return open_dataset(home, *split_key(key))


def preview_dataset(
    home: Home,
    name: str,
    path: Path,
    *,
    side: int | None = None,
    fit: Fit = "crop",
    progress: Progress | None = None,
) -> DatasetReport:
    """Return the report that `add_dataset` would write, and keep nothing. The images are read into a temporary folder.

    Raises:
        DatasetError, HomeError: as `add_dataset`.
    """
    key = _check(home, name, side)
    where = home.path if os.access(home.path, os.W_OK) else None
    with _list(key, path, side, fit) as collection, TemporaryDirectory(prefix=".preview-", dir=where) as target:
        return _build(Path(target), key, collection, progress or (lambda done, total: None), path.name)


def _check(home: Home, name: str, side: int | None) -> str:
    """Check the arguments and return the key of the new dataset."""
    key = key_of_name(name)
    known = SETTINGS["side"]
    if side is not None and not (known.low or 0) <= side <= (known.high or side):
        raise DatasetError(f"Expected side {known.bounds}; got {side}.")
    check_free(home, key)
    return key


def _list(key: str, path: Path, side: int | None, fit: Fit) -> AbstractContextManager[Collection]:
    survey = DATASETS[split_key(key)[0]].survey
    assert survey
    return survey(path, side, fit)


def _build(
    target: Path, key: str, collection: Collection, progress: Progress, origin: str, identity: str = ""
) -> DatasetReport:
    height, width, channels = collection.input_shape
    count = len(collection.names)
    advice = "Free disk space, or use a smaller side." if split_key(key)[1] else "Free disk space and try again."
    what = f"{format_plural(count, 'image')} of {width} × {height} pixels"
    most = 2 * count * height * width * channels  # test images are copied, and some rows saved while others are moved
    check_space(target, most, what, advice)
    return build_dataset(target, key, collection, progress, origin, identity)
