"""Pixel values of a dataset by class: mean images and histograms, computed once and kept in the dataset's folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict

from core.array_file import map_array
from core.bounds import Count, Line
from core.datasets.atomic_folder import publishing
from core.datasets.cache import CachedDataset
from core.datasets.dataset import Images, Labels
from core.datasets.download import Progress
from core.datasets.fetch import locked
from core.datasets.row_file import read_blocks
from core.errors import HomeError
from core.files import read_file
from core.home import Home
from core.image_file import shrink_picture

VALUES = 256

_FOLDER, _MARK = "statistics", "mark.json"
_VERSION = 1  # increment when the numbers change, so that old ones are computed again
_SIDE, _LEAST_SIDE = 64, 8  # of mean images, in pixels
_SUM_BYTES = 64_000_000  # limit of the memory for all mean images
_SPLITS = ("train", "test")

_unstored: dict[tuple[Path, str], "DatasetStatistics"] = {}  # of datasets in a read-only home


@dataclass(frozen=True)
class DatasetStatistics:
    """Statistics of all training, validation and test images by class. For a dataset with attributes, class k are the
    images with attribute k.

    Attributes:
        counts: Number of images, int64 of shape (classes,).
        means: Mean image, uint8 of shape (classes, height, width, channels), at most 64 pixels wide; black for a class
            without images.
        histograms: Number of stored values from 0 to 255 in all channels, int64 of shape (classes, 256).
    """

    counts: NDArray[np.int64]
    means: NDArray[np.uint8]
    histograms: NDArray[np.int64]


class _Mark(BaseModel):
    """Source of stored statistics (mark.json)."""

    model_config = ConfigDict(frozen=True)

    fingerprint: Line
    version: Count


def open_statistics(dataset: CachedDataset) -> DatasetStatistics | None:
    """Open stored statistics, memory-mapped; None if they are missing, damaged or outdated."""
    folder, (count, *_) = dataset.path / _FOLDER, _shape_of(dataset)
    try:
        mark = _Mark.model_validate_json(read_file(folder / _MARK))
        found = DatasetStatistics(
            map_array(folder / "counts.npy", ("i8", (count,))),
            map_array(folder / "means.npy", ("u1", _shape_of(dataset))),
            map_array(folder / "histograms.npy", ("i8", (count, VALUES))),
        )
    except (OSError, ValueError):
        return None
    return found if mark == _mark(dataset) else None


def ensure_statistics(home: Home, dataset: CachedDataset, progress: Progress | None = None) -> DatasetStatistics:
    """Open the statistics of a dataset, or compute and store them. In a read-only home they are not stored.

    Args:
        progress: Callback that receives the number of images read so far and the total number.

    Raises:
        OSError, ValueError: when the arrays of the dataset cannot be read.
    """
    key = dataset.path, dataset.info.fingerprint
    if (found := open_statistics(dataset) or _unstored.get(key)) is not None:
        return found
    try:
        with locked(home, f"{dataset.path.name}-{_FOLDER}", wait=True):
            if (found := open_statistics(dataset)) is None:
                _unstored[key] = found = compute_statistics(dataset, progress)
                _write(dataset, found)
                del _unstored[key]
    except HomeError:  # the home is read-only
        found = _unstored.get(key) or compute_statistics(dataset, progress)
        _unstored[key] = found
    return found


def compute_statistics(dataset: CachedDataset, progress: Progress | None = None) -> DatasetStatistics:
    """Compute the statistics of a dataset, reading its images in blocks."""
    shape = _shape_of(dataset)
    counts = np.zeros(shape[0], np.int64)
    sums = np.zeros(shape, np.uint64 if dataset.info.train_count + dataset.info.test_count > 2**24 else np.uint32)
    histograms = np.zeros((shape[0], VALUES), np.int64)
    done, total = 0, dataset.info.train_count + dataset.info.test_count
    for split in _SPLITS:
        labels = getattr(dataset.arrays(), f"{split}_labels")
        first = 0
        for block in _read_images(dataset, split):
            small = _shrink(block, shape[1:])
            for label, rows in _group(labels[first : first + len(block)]):
                counts[label] += len(rows)
                sums[label] += small[rows].sum(axis=0, dtype=sums.dtype)
                histograms[label] += _count_values(block[rows])
            first, done = first + len(block), done + len(block)
            if progress is not None:
                progress(done, total)
    means = np.rint(sums / np.maximum(counts, 1)[:, None, None, None]).astype(np.uint8)
    return DatasetStatistics(counts, means, histograms)


def _read_images(dataset: CachedDataset, split: str) -> Iterator[Images]:
    path = dataset.path / f"{split}_images.npy"
    yield from read_blocks(path) if path.exists() else [getattr(dataset.arrays(), f"{split}_images")]


def _group(labels: NDArray[Any]) -> Iterator[tuple[int, Labels]]:
    """Yield each class, or each attribute, with the rows of its images."""
    if labels.ndim == 2:
        yield from ((label, np.flatnonzero(labels[:, label])) for label in range(labels.shape[1]))
        return
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    yield from zip(present.tolist(), np.split(order, starts[1:]), strict=True)


def _shrink(block: Images, shape: tuple[int, ...]) -> Images:
    return block if block.shape[1:] == shape else np.stack([shrink_picture(image, max(shape[:2])) for image in block])


def _count_values(images: Images) -> NDArray[np.int64]:
    if not images.size:
        return np.zeros(VALUES, np.int64)
    return np.array(Image.fromarray(images.reshape(len(images), -1)).histogram(), np.int64)


def _shape_of(dataset: CachedDataset) -> tuple[int, int, int, int]:
    """Return the shape of the mean images. Those of many classes are smaller, to limit memory use."""
    height, width, channels = dataset.info.input_shape
    classes = len(dataset.info.attributes or dataset.info.classes)
    side = _SIDE
    while side > _LEAST_SIDE and classes * side * side * channels * np.dtype(np.uint32).itemsize > _SUM_BYTES:
        side //= 2
    scale = min(1.0, side / max(height, width))
    return classes, max(1, round(height * scale)), max(1, round(width * scale)), channels


def _mark(dataset: CachedDataset) -> _Mark:
    return _Mark(fingerprint=dataset.info.fingerprint, version=_VERSION)


def _write(dataset: CachedDataset, computed: DatasetStatistics) -> None:
    with publishing(dataset.path / _FOLDER) as folder:
        for name, array in vars(computed).items():
            np.save(folder / f"{name}.npy", array)
        (folder / _MARK).write_text(_mark(dataset).model_dump_json() + "\n")
