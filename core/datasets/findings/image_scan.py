"""One pass over the images of a dataset: exact duplicates, near duplicates and pictures without content."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.dataset import Arrays, Images

VARIED, ONE_COLOUR, NEARLY_BLACK, NEARLY_WHITE = range(4)

_SIDE = 32  # pixels of the longer side that are compared; up to 63 if the side is not a multiple
_MOST_BITS = 8  # of 64
_BANDS, _NEIGHBOURS = 8, 64
_ALIKE_SMALL, _ALIKE = 0.99, 0.95
_MOST_DIFFERENCE = 32  # root mean square, of 255
_SAME_COLOUR, _DARK, _EMPTY_SHARE = 2, 12, 0.99
_PAIRS = 2048  # compared at a time
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
    count = len(arrays.train_images) + len(arrays.test_images)
    return scan_images(_read_blocks(arrays), count, scratch)


def scan_images(blocks: Iterable[Images], count: int, scratch: Path | None = None) -> ImageScan:
    """Scan `count` images, given in blocks of shape (images, height, width, channels).

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
    with tempfile.TemporaryFile(dir=scratch) as file:
        sketches = _Sketches(count, file)
        for block in blocks:
            sketches.add(block)
        assert sketches.filled == count
        exact = _number(np.unique(sketches.digests, return_inverse=True)[1])
        own = np.flatnonzero((exact == np.arange(count)) & (sketches.content == VARIED))
        near = np.arange(count)
        near[own] = own[_join(sketches, own)]
        return ImageScan(exact, near[exact], sketches.content)


def _read_blocks(arrays: Arrays) -> Iterator[Images]:
    for images in (arrays.train_images, arrays.test_images):
        rows = max(1, _BLOCK_BYTES // max(1, int(np.prod(images.shape[1:]))))
        for start in range(0, len(images), rows):
            yield np.array(images[start : start + rows])


class _Sketches:
    """A digest, a perceptual hash, two reduced copies and the content of each image."""

    def __init__(self, count: int, file: Any) -> None:
        self.digests = np.zeros(count, "V16")
        self.hashes = np.zeros(count, np.uint64)
        self.content = np.zeros(count, np.uint8)
        self.filled = 0
        self.alike = _ALIKE
        self._count, self._file = count, file
        self._reduced: NDArray[np.uint8] | None = None
        self._coarse = np.zeros((count, _CELLS**2), np.float32)

    def add(self, block: Images) -> None:
        import imagehash
        from PIL import Image

        factor = max(1, max(block.shape[1:3]) // _SIDE)
        for image in block:
            picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
            reduced = picture.reduce(factor) if factor > 1 else picture
            pixels = np.asarray(reduced).reshape(-1, image.shape[-1])
            if self._reduced is None:
                self.alike = _ALIKE_SMALL if factor == 1 else _ALIKE
                self._reduced = np.memmap(self._file, np.uint8, "w+", shape=(self._count, pixels.size))
            self._reduced[self.filled] = pixels.ravel()
            self.digests[self.filled] = hashlib.sha256(np.ascontiguousarray(image).data).digest()[:16]
            if _may_lack_content(pixels):
                self.content[self.filled] = _classify_content(image.reshape(-1, image.shape[-1]))
            if self.content[self.filled] == VARIED:
                self.hashes[self.filled] = np.packbits(imagehash.phash(reduced).hash).view(">u8")[0]
            self.filled += 1
        if len(block):
            assert self._reduced is not None
            shape = len(block), *np.asarray(reduced).shape[:2], block.shape[-1]
            rows = slice(self.filled - len(block), self.filled)
            self._coarse[rows] = _project(self._reduced[rows].reshape(shape))

    def are_alike(self, a: Numbers, b: Numbers) -> NDArray[np.bool_]:
        """Return for pairs of images whether their reduced pixels are."""
        assert self._reduced is not None
        found = np.square(self._coarse[a] - self._coarse[b]).sum(axis=1) <= 2 * (1 - self.alike) + _ROUNDING
        left, right = (self._reduced[rows[found]].astype(np.float32) for rows in (a, b))
        difference = np.sqrt(np.square(left - right).mean(axis=1))
        correlation = np.einsum("ij,ij->i", _standardize(left), _standardize(right))
        found[found] = (correlation >= self.alike) & (difference <= _MOST_DIFFERENCE)
        return found


def _project(images: Images) -> NDArray[np.float32]:
    """Return the standardized images projected on a grid of cells, of shape (images, cells).

    The projection is orthogonal. So the squared distance of two images, which is 2 (1 - r) for the correlation r, is at
    least that of their projections, and most pairs are excluded by few numbers.
    """
    count, height, width, channels = images.shape
    standard = _standardize(images.reshape(count, -1).astype(np.float32)).reshape(images.shape).sum(axis=3)
    starts = [np.unique(np.arange(_CELLS) * length // _CELLS) for length in (height, width)]
    sizes = [np.diff([*start, length]) for start, length in zip(starts, (height, width), strict=True)]
    sums = np.add.reduceat(np.add.reduceat(standard, starts[0], axis=1), starts[1], axis=2)
    cells = sums / np.sqrt(np.outer(*sizes) * channels)
    projected = np.zeros((count, _CELLS**2), np.float32)
    projected[:, : cells[0].size] = cells.reshape(count, -1)
    return projected


def _may_lack_content(reduced: Images) -> bool:
    """Return whether an image must be classified; cheap, because few must. Pixels are of shape (pixels, channels)."""
    least, most = _DARK + 4, 255 - _DARK - 4  # averages of an image of which 99% is within _DARK
    return not least < reduced.mean() < most or _has_one_colour(reduced)


def _classify_content(pixels: Images) -> int:
    if _has_one_colour(pixels):
        return ONE_COLOUR
    if (pixels <= _DARK).mean() >= _EMPTY_SHARE:
        return NEARLY_BLACK
    return NEARLY_WHITE if (pixels >= 255 - _DARK).mean() >= _EMPTY_SHARE else VARIED


def _has_one_colour(pixels: Images) -> bool:
    return bool((np.ptp(pixels, axis=0) <= _SAME_COLOUR).all())


def _standardize(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows with mean 0 and length 1; constant ones are 0."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _number(groups: NDArray[Any]) -> Numbers:
    """Return the position of the first member of the group of each image."""
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    return first[index].astype(np.int64)


def _join(sketches: _Sketches, images: Numbers) -> Numbers:
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


def _connect(sketches: _Sketches, images: Numbers, groups: Numbers, a: Numbers, b: Numbers) -> Numbers:
    """Join the groups of the pairs that are alike."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    starts = range(0, len(a), _PAIRS)
    alike = [sketches.are_alike(images[a[i : i + _PAIRS]], images[b[i : i + _PAIRS]]) for i in starts]
    found = np.concatenate(alike) if alike else np.zeros(0, bool)
    if not found.any():
        return groups
    left, right = np.append(groups[a[found]], np.arange(len(groups))), np.append(groups[b[found]], groups)
    edges = coo_array((np.ones(len(left), bool), (left, right)), (len(groups), len(groups)))
    return _number(connected_components(edges, directed=False)[1])
