"""One pass over the images of a dataset: exact duplicates, near duplicates and pictures without content."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.augment.pillow import to_picture
from core.datasets.dataset import Arrays, Images
from core.datasets.findings.image_sketch import (
    VARIED,
    Sketches,
    classify_content,
    compute_factor,
    digest_pixels,
    reduce_picture,
    sketch_images,
)

_MOST_BITS = 8  # of 64
_BANDS, _NEIGHBOURS = 8, 64
_ALIKE_SMALL, _ALIKE = 0.99, 0.95
_MOST_DIFFERENCE = 32  # root mean square, of 255
_PAIRS = 2048  # compared at a time
_SKETCHED, _PROJECTED = 256, 64  # images at a time; the latter fit in the cache of a processor
_CELLS, _ROUNDING = 8, 1e-3
_BLOCK_BYTES = 8_000_000

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class ImageScan:
    """Duplicates and content of the images of a dataset, each array of shape (images,).

    Attributes:
        exact: Index of the first image with the same pixels.
        near: Index of the first image of the group of near duplicates, which contains the exact ones.
        content: VARIED, ONE_COLOUR, NEARLY_BLACK or NEARLY_WHITE.
    """

    exact: Numbers
    near: Numbers
    content: NDArray[np.uint8]

    def reorder(self, order: Numbers) -> "ImageScan":
        """Return the scan of the same images in another order, given as their present positions."""
        return ImageScan(_number(self.exact[order]), _number(self.near[order]), self.content[order])


def scan_arrays(arrays: Arrays, scratch: Path | None = None) -> ImageScan:
    """Scan the training images, followed by the test images (see `scan_images`)."""
    return scan_images([arrays.train_images, arrays.test_images], scratch)


def scan_images(parts: Sequence[Images], scratch: Path | None = None) -> ImageScan:
    """Scan images, given as arrays of shape (images, height, width, channels).

    Near duplicates have perceptual hashes (pHash of 64 bits) that differ in at most 8 bits, and their pixels have a
    Pearson correlation of at least 0.99, or 0.95 for images that were reduced to 32 to 63 pixels before, and a root
    mean square difference of at most 32. Hashes without pixels match different drawings on an empty background. Groups
    are connected: a burst of photos is one group. Decision 34 has the measurements.

    Hashes are sorted eight times, each time beginning with another 8 bits, and compared with the next 64 in this order,
    as in Manku et al. 2007, Detecting near-duplicates for web crawling, WWW. So time and memory grow with the number of
    images and not with its square; where very many hashes are similar, a pair that no third image connects can be
    missed.

    A picture has one color if the values of each channel differ by at most 2; it is nearly black or white if 99% of
    its values are at most 12, or at least 243. They are not compared with other images.

    Args:
        scratch: Folder for a temporary file with the reduced images, 1 to 4 kB per image and channel; by default that
            of the system.
    """

    def read(row: int) -> Images:
        part = int(np.searchsorted(ends, row, "right"))
        return parts[part][row - ends[part]]

    ends = np.cumsum([len(images) for images in parts])
    with open_scanner(int(ends[-1]), scratch) as scanner:
        for block in _read_blocks(parts):
            for image in block:
                scanner.add(reduce_picture(to_picture(image)))
        return scanner.finish(read)


def _read_blocks(parts: Sequence[Images]) -> Iterator[Images]:
    for images in parts:
        rows = max(1, _BLOCK_BYTES // max(1, int(np.prod(images.shape[1:]))))
        for start in range(0, len(images), rows):
            yield np.array(images[start : start + rows])


@contextmanager
def open_scanner(most: int, scratch: Path | None = None) -> Iterator["ImageScanner"]:
    """Open a scanner of at most `most` images (see `scan_images`)."""
    with tempfile.TemporaryFile(dir=scratch) as file:
        yield ImageScanner(most, file)


class ImageScanner:
    """Scan of images that are added one at a time. Most of the work is done meanwhile."""

    def __init__(self, most: int, file: Any) -> None:
        self._count, self._most, self._file = 0, most, file
        self._waiting: list[Images] = []
        self._sketches: list[Sketches] = []
        self._coarse: list[NDArray[np.float32]] = []

    def add(self, reduced: Images) -> None:
        """Add the reduced copy of the next image (see `reduce_picture`)."""
        assert self._count < self._most
        self._waiting.append(reduced)
        self._count += 1
        if len(self._waiting) == _SKETCHED:
            self._sketch()

    def _sketch(self) -> None:
        reduced = np.stack(self._waiting)
        self._waiting.clear()
        self._file.write(reduced.data)
        self._sketches.append(sketch_images(reduced))
        self._coarse += [_project(reduced[start : start + _PROJECTED]) for start in range(0, len(reduced), _PROJECTED)]
        self._shape = reduced.shape[1:]

    def finish(self, read: Callable[[int], Images]) -> ImageScan:
        """Compare the images.

        Args:
            read: Function that returns the pixels of an image. It is called for few images: those whose reduced copies
                are equal, or may have no content.
        """
        count = self._count
        if not count:
            return ImageScan(np.arange(0), np.arange(0), np.zeros(0, np.uint8))
        if self._waiting:
            self._sketch()
        digests, hashes, suspect = map(np.concatenate, zip(*self._sketches, strict=True))
        content = np.full(count, VARIED, np.uint8)
        for row in np.flatnonzero(suspect):
            content[row] = classify_content(read(int(row)))
        factor = compute_factor(*read(0).shape[:2])
        if factor > 1:
            _, groups, sizes = np.unique(digests, return_inverse=True, return_counts=True)
            for row in np.flatnonzero(sizes[groups] > 1):
                digests[row] = digest_pixels(read(int(row)))
        exact = _number(np.unique(digests, return_inverse=True)[1])
        own = np.flatnonzero((exact == np.arange(count)) & (content == VARIED))
        near = np.arange(count)
        self._file.flush()
        reduced = np.memmap(self._file, np.uint8, "r", shape=(count, *self._shape))
        near[own] = own[_join(_Comparison(reduced, hashes, np.concatenate(self._coarse), factor), own)]
        return ImageScan(exact, near[exact], content)


class _Comparison:
    """Perceptual hashes, reduced copies and coarse copies of images."""

    def __init__(self, reduced: Images, hashes: NDArray[np.uint64], coarse: NDArray[np.float32], factor: int) -> None:
        self.hashes = hashes
        self._reduced, self._coarse = reduced.reshape(len(reduced), -1), coarse
        self._alike = _ALIKE_SMALL if factor == 1 else _ALIKE

    def are_alike(self, a: Numbers, b: Numbers) -> NDArray[np.bool_]:
        """Return for pairs of images whether their reduced pixels are."""
        found = np.square(self._coarse[a] - self._coarse[b]).sum(axis=1) <= 2 * (1 - self._alike) + _ROUNDING
        left, right = (self._reduced[rows[found]].astype(np.float32) for rows in (a, b))
        difference = np.sqrt(np.square(left - right).mean(axis=1))
        correlation = np.einsum("ij,ij->i", _standardize(left), _standardize(right))
        found[found] = (correlation >= self._alike) & (difference <= _MOST_DIFFERENCE)
        return found


def _project(images: Images) -> NDArray[np.float32]:
    """Return the standardized images projected on a grid of cells, of shape (images, cells).

    The projection is orthogonal. So the squared distance of two images, which is 2 (1 - r) for the correlation r, is at
    least that of their projections, and most pairs are excluded by few numbers.
    """
    count, height, width, channels = images.shape
    rows = images.reshape(count, -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    columns = np.repeat(_list_cells(width), channels, axis=0) / np.float32(np.sqrt(channels))
    cells = (_list_cells(height).T @ (rows.reshape(count, height, -1) @ columns)).reshape(count, -1)
    projected = np.zeros((count, _CELLS**2), np.float32)
    projected[:, : cells.shape[1]] = cells / np.maximum(lengths, 1e-6)[:, np.newaxis]
    return projected


def _list_cells(length: int) -> NDArray[np.float32]:
    """Return the cell of each pixel of a side as columns of length 1, of shape (pixels, cells)."""
    starts = np.unique(np.arange(_CELLS) * length // _CELLS)
    cell = np.searchsorted(starts, np.arange(length), "right") - 1
    return ((cell[:, np.newaxis] == np.arange(len(starts))) / np.sqrt(np.bincount(cell))).astype(np.float32)


def _standardize(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows with mean 0 and length 1; constant ones are 0."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _number(groups: NDArray[Any]) -> Numbers:
    """Return the position of the first member of the group of each image."""
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    return first[index].astype(np.int64)


def _join(sketches: _Comparison, images: Numbers) -> Numbers:
    """Return the group of near duplicates of each image, numbered by its first member."""
    groups = np.arange(len(images))
    hashes = sketches.hashes[images]
    for band in range(_BANDS):
        shift = np.uint64(8 * band)
        order = np.argsort(hashes << shift | hashes >> (np.uint64(64) - shift), kind="stable")
        ordered = hashes[order]
        for step in range(1, min(_NEIGHBOURS, len(images) - 1) + 1):
            close = np.flatnonzero(np.bitwise_count(ordered[step:] ^ ordered[:-step]) <= _MOST_BITS)
            a, b = order[close], order[close + step]
            apart = groups[a] != groups[b]
            groups = _connect(sketches, images, groups, a[apart], b[apart])
    return groups


def _connect(sketches: _Comparison, images: Numbers, groups: Numbers, a: Numbers, b: Numbers) -> Numbers:
    """Join the groups of the pairs that are alike."""
    starts = range(0, len(a), _PAIRS)
    alike = [sketches.are_alike(images[a[i : i + _PAIRS]], images[b[i : i + _PAIRS]]) for i in starts]
    found = np.concatenate(alike) if alike else np.zeros(0, bool)
    left, right = groups[a[found]], groups[b[found]]
    lowest = np.arange(len(groups))  # lower member of the same group, which is the lowest one in the end
    while (lowest[left] != lowest[right]).any():
        both = np.minimum(lowest[left], lowest[right])
        for side in (left, right):
            np.minimum.at(lowest, lowest[side], both)
        while (lowest != lowest[lowest]).any():
            lowest = lowest[lowest]
    return lowest[groups]
