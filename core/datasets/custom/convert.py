"""Conversion of image files to the arrays of a dataset: read once in order, then arranged by split."""

import hashlib
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.augment.pillow import to_picture
from core.datasets.custom.image_files import TEST, Collection
from core.datasets.custom.reading_journal import ReadingJournal
from core.datasets.download import Progress
from core.datasets.findings.image_scan import ImageScanner
from core.datasets.findings.image_sketch import reduce_picture
from core.datasets.row_file import RowReader, RowWriter, describe_array

IMAGES = "images.npy"
"""Readable images in the order of the collection; deleted when they are arranged."""

_BLOCK = 32  # images


@dataclass(frozen=True)
class ReadImages:
    """The images of a collection that could be read, whose pixels are in IMAGES.

    Attributes:
        rows: Position of each image in the collection, int64 of shape (images,).
        sources: Width and height in pixels and number of frames of each source, int64 of shape (images, 3).
        refused: The other files, each with a reason.
    """

    rows: NDArray[np.int64]
    sources: NDArray[np.int64]
    refused: list[tuple[str, str]]


def read_images(folder: Path, collection: Collection, scanner: ImageScanner, progress: Progress) -> ReadImages:
    """Read the images of a collection, write their pixels to IMAGES in a folder, and add them to a scanner.

    If an earlier call was interrupted in the folder, it continues after the last image that was written.
    """
    with (
        ReadingJournal(folder, folder / IMAGES, collection.input_shape) as journal,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # warnings of Pillow do not help users
        collection.values.range = journal.value_range
        for pixels in journal.read_stored():
            scanner.add(reduce_picture(to_picture(pixels)))
        for row, found in collection.read(len(journal.sources), progress):
            if collection.values.range and not journal.value_range:
                journal.write_range(collection.values.range)
            journal.append(found)
            if not isinstance(found, str):
                scanner.add(found.reduced)
            progress(row + 1, len(collection.names))
        rows = [row for row, source in enumerate(journal.sources) if source]
        refused = [(collection.names[row], reason) for row, reason in journal.refused.items()]
        sources = np.array([journal.sources[row] for row in rows], np.int64).reshape(-1, 3)
        return ReadImages(np.array(rows, np.int64), sources, refused)


def arrange_images(folder: Path, labels: NDArray[Any], parts: NDArray[np.uint8]) -> tuple[NDArray[np.int64], str]:
    """Write the four arrays of a dataset from IMAGES, and delete IMAGES.

    Validation images follow the training images; otherwise the order is kept.

    Args:
        labels: Labels of the images, of shape (images,) or (images, attributes).
        parts: TRAIN, VALIDATION or TEST for each image.

    Returns:
        The positions in IMAGES in their new order, first those of `train_images`, then those of `test_images`; and the
        fingerprint of the arrays (see `compute_fingerprint`).
    """
    order = np.argsort(parts, kind="stable")
    train_count = int((parts != TEST).sum())
    digest = hashlib.sha256()
    for split, rows in (("train", order[:train_count]), ("test", order[train_count:])):
        _copy_rows(folder, f"{split}_images", rows, digest)
        own = np.ascontiguousarray(labels[rows])
        np.save(folder / f"{split}_labels.npy", own)
        digest.update(describe_array(f"{split}_labels", own.shape, own.dtype))
        digest.update(own.data)
    (folder / IMAGES).unlink()
    return order, digest.hexdigest()[:16]


def _copy_rows(folder: Path, name: str, rows: NDArray[np.int64], digest: Any) -> None:
    """Copy rows of IMAGES to another file, while another thread hashes the rows before them."""
    with (
        RowReader(folder / IMAGES) as images,
        RowWriter(folder / f"{name}.npy", images.row_shape, images.dtype) as writer,
        ThreadPoolExecutor(1) as pool,
    ):
        digest.update(describe_array(name, (len(rows), *images.row_shape), images.dtype))
        hashed = pool.submit(lambda: None)
        for start in range(0, len(rows), _BLOCK):
            block = [images.read(int(row)) for row in rows[start : start + _BLOCK]]
            hashed.result()
            hashed = pool.submit(_hash_rows, digest, block)
            for row in block:
                writer.append(row)
        hashed.result()


def _hash_rows(digest: Any, rows: list[NDArray[Any]]) -> None:
    for row in rows:
        digest.update(row.data)
