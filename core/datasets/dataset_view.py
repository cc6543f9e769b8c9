"""Datasets as used by a run: images resized to its side, labels of its attribute."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.array_file import map_array
from core.augment.prepare import prepare
from core.bounds import Count, Line
from core.datasets.atomic_folder import check_space, publishing
from core.datasets.cache import CachedDataset, DatasetInfo, open_dataset
from core.datasets.dataset import Arrays, Images, Labels
from core.datasets.fetch import locked
from core.datasets.row_file import RowWriter, read_blocks
from core.errors import SpecError
from core.files import cannot_write, read_file
from core.home import Home
from core.spec import RunSpec

_PREPARED = 1  # increment when the output of `prepare` changes, so that old copies are rebuilt
_SPLITS = ("train", "test")
_WORKERS = 4
_BLOCK = 1000  # images

_aside = Lock()


@dataclass(frozen=True)
class DatasetView(Arrays):
    """Memory-mapped images and labels of a run. `info` has its classes and input shape."""

    info: DatasetInfo


class _Mark(BaseModel):
    """Source of a resized copy (side.json)."""

    model_config = ConfigDict(frozen=True)

    fingerprint: Line
    prepared: Count


def read_info(home: Home, spec: RunSpec, *, native: bool = False) -> DatasetInfo:
    """Return the metadata of the view that `open_view` opens, without resizing images.

    Raises:
        DatasetError: when the dataset is not available or damaged.
    """
    return _adapt(open_dataset(home, spec.dataset, spec.folder).info, spec, native)


def open_view(home: Home, spec: RunSpec, *, native: bool = False) -> DatasetView:
    """Open the data of a run. Images are resized to `spec.side` once; the copies are kept in the dataset's folder.

    Args:
        native: Return the images at their original size instead.

    Raises:
        DatasetError: when the dataset is not available or damaged.
        HomeError: when resized images cannot be written.
    """
    cached = open_dataset(home, spec.dataset, spec.folder)
    info, arrays = _adapt(cached.info, spec, native), cached.arrays()
    images: tuple[Images, ...] = (arrays.train_images, arrays.test_images)
    if info.input_shape != cached.info.input_shape:
        images = _open_prepared(home, cached, info)
    labels = [_select_labels(labels, info, spec) for labels in (arrays.train_labels, arrays.test_labels)]
    return DatasetView(images[0], labels[0], images[1], labels[1], info)


def _adapt(info: DatasetInfo, spec: RunSpec, native: bool) -> DatasetInfo:
    height, width, channels = info.input_shape
    changes: dict[str, Any] = {}
    if info.attributes:
        name = spec.attribute.replace("_", " ")
        changes["classes"] = (f"not {name}", name)
    if spec.side is not None and not native:
        changes["input_shape"] = (spec.side, spec.side, channels)
    elif spec.augmentation and height != width and not native:
        raise SpecError(
            f"Set side to use augmentation: it needs square images, and these have {width} × {height} pixels."
        )
    return info.model_copy(update=changes)


def _select_labels(labels: NDArray[Any], info: DatasetInfo, spec: RunSpec) -> Labels:
    if not info.attributes:
        return labels
    return labels[:, info.attributes.index(spec.attribute)].astype(np.int64)


def _open_prepared(home: Home, cached: CachedDataset, info: DatasetInfo) -> tuple[Images, ...]:
    """Open the resized images. The first process creates them; others that need the same wait for it."""
    folder = cached.path / f"side-{info.input_shape[0]}"
    found = _read_prepared(folder, info)
    if found is None and cannot_write(folder):
        return _prepare_aside(cached, info)
    if found is None:
        with locked(home, f"{cached.path.name}-{folder.name}", wait=True):
            found = _read_prepared(folder, info)
            if found is None:
                _prepare(lambda name: read_blocks(cached.path / f"{name}.npy"), folder, info)
                found = _read_prepared(folder, info)
    assert found
    return found


def _read_prepared(folder: Path, info: DatasetInfo) -> tuple[Images, ...] | None:
    """Open a resized copy; None if it is missing, damaged or outdated."""
    try:
        mark = _Mark.model_validate_json(read_file(folder / "side.json"))
        found = [
            map_array(folder / f"{split}_images.npy", ("u1", (count, *info.input_shape)))
            for split, count in zip(_SPLITS, (info.train_count, info.test_count), strict=True)
        ]
    except (OSError, ValueError):
        return None
    return tuple(found) if mark == _Mark(fingerprint=info.fingerprint, prepared=_PREPARED) else None


def _prepare_aside(cached: CachedDataset, info: DatasetInfo) -> tuple[Images, ...]:
    """Resize the images into a temporary folder, once per process, for a dataset in a read-only home."""
    with _aside:
        folder = Path(_create_temporary().name, f"{info.fingerprint}-{info.input_shape[0]}")
        found = _read_prepared(folder, info)
        if found is None:
            _prepare(lambda name: _read_array(getattr(cached.arrays(), name)), folder, info)
            found = _read_prepared(folder, info)
    assert found
    return found


@cache
def _create_temporary() -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="headroom-")  # deleted when the process exits


def _read_array(images: Images) -> Iterator[Images]:
    return (images[start : start + _BLOCK] for start in range(0, len(images), _BLOCK))


def _prepare(read: Callable[[str], Iterator[Images]], folder: Path, info: DatasetInfo) -> None:
    side, _, channels = info.input_shape
    count = info.train_count + info.test_count
    with publishing(folder) as target:
        needed = count * side * side * channels
        check_space(target, needed, f"{count:,} images of {side} × {side} pixels", "Free disk space and try again.")
        for split in _SPLITS:
            name = f"{split}_images"
            with RowWriter(target / f"{name}.npy", info.input_shape, np.uint8) as writer:
                for image in _resize(read(name), side):
                    writer.append(image)
        mark = _Mark(fingerprint=info.fingerprint, prepared=_PREPARED)
        (target / "side.json").write_text(mark.model_dump_json() + "\n")


def _resize(blocks: Iterator[Images], side: int) -> Iterator[Images]:
    with ThreadPoolExecutor(_WORKERS) as pool:
        for block in blocks:
            yield from pool.map(lambda image: prepare(image, side), block)
