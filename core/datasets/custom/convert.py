"""Conversion of image files to the arrays of a dataset: read once in order, then arranged by split."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.augment.pillow import to_picture
from core.datasets.custom.image_files import TEST, Collection
from core.datasets.custom.reading_journal import ReadingJournal
from core.datasets.dataset import ARRAYS
from core.datasets.download import Progress
from core.datasets.findings.image_scan import ImageScanner
from core.datasets.findings.image_sketch import reduce_picture
from core.datasets.row_file import FingerprintHasher, RowReader, copy_rows, keep_rows

IMAGES = "images.npy"
"""Readable images in the order of the collection, until they are arranged."""


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


def arrange_images(
    folder: Path, labels: NDArray[Any], parts: NDArray[np.uint8], hasher: FingerprintHasher
) -> NDArray[np.int64]:
    """Write the four arrays of a dataset. IMAGES becomes `train_images`, so that most images are written only once.

    Validation images follow the training images; otherwise the order is kept.

    Args:
        labels: Labels of the images, of shape (images,) or (images, attributes).
        parts: TRAIN, VALIDATION or TEST for each image.
        hasher: It receives the arrays, and hashes the last of them after this function has returned.

    Returns:
        The positions in IMAGES in their new order, first those of `train_images`, then those of `test_images`.
    """
    order = np.argsort(parts, kind="stable")
    train, test = np.split(order, [int((parts != TEST).sum())])
    for split, rows in (("train", train), ("test", test)):
        np.save(folder / f"{split}_labels.npy", labels[rows])
    copy_rows(folder / IMAGES, folder / "test_images.npy", test.tolist())
    first, *others = ARRAYS
    with RowReader(folder / IMAGES) as reader:
        hasher.add_header(first, (len(train), *reader.row_shape), reader.dtype)
    keep_rows(folder / IMAGES, train.tolist(), hasher.add_block)
    (folder / IMAGES).rename(folder / f"{first}.npy")
    for name in others:
        hasher.add_file(folder, name)
    return order
