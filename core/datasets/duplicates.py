"""Duplicate images: the same pixels (exact), or the same picture with small changes (near)."""

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.dataset import Images

_SIDE = 32  # pixels of the longer side that are compared, at most twice as many
_HASH_BITS, _MOST_BITS = 64, 8
_BANDS, _NEIGHBOURS = 8, 64
_ALIKE_SMALL, _ALIKE = 0.99, 0.95
_PAIRS = 4096  # compared at a time

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Duplicates:
    """Groups of duplicates, int64 of shape (images,) each: the index of the first image of the group.

    `near` joins the groups of `exact`. An image whose number occurs only once is no duplicate.
    """

    exact: Numbers
    near: Numbers


def group_duplicates(images: Images, scratch: Path | None = None) -> Numbers:
    """Return the group of each image, int64 of shape (images,): equal for duplicates and near duplicates.

    Groups must stay on one side of a split (see `find_duplicates`).
    """
    return find_duplicates([images], len(images), scratch).near


def find_duplicates(blocks: Iterable[Images], count: int, scratch: Path | None = None) -> Duplicates:
    """Find exact and near duplicates among `count` images, given in blocks of shape (images, height, width, channels).

    Near duplicates have perceptual hashes (pHash of 64 bits) that differ in at most 8 bits, and their pixels have a
    Pearson correlation of at least 0.99, or 0.95 for images that were reduced to 32–63 pixels before: hashes alone
    match different drawings on an empty background. Groups are connected: a burst of photos is one group. Images of one
    colour are never near duplicates. The thresholds are measured in docs/decisions/0033.

    Hashes are sorted eight times, each time beginning with another 8 bits, and compared with the next 64 in this order,
    as in Manku et al. 2007, Detecting near-duplicates for web crawling, WWW. So time and memory grow with the number of
    images and not with its square; in a dense group of hashes, a pair can be missed that no third image connects.

    Args:
        scratch: Folder for a temporary file with the reduced images, about 1 kB per image and channel; by default that
            of the system.
    """
    with tempfile.TemporaryFile(dir=scratch) as file:
        sketches = _Sketches(count, file)
        for block in blocks:
            sketches.add(block)
        assert sketches.filled == count
        _, first, index = np.unique(sketches.digests, return_index=True, return_inverse=True)
        exact = first[index].astype(np.int64)
        unique = np.flatnonzero((exact == np.arange(count)) & sketches.varied)
        near = exact.copy()
        near[unique] = unique[_join(sketches, unique)]
        return Duplicates(exact, near[exact])


class _Sketches:
    """What duplicates are found by: a digest, a perceptual hash and a reduced copy of each image."""

    def __init__(self, count: int, file: Any) -> None:
        self.digests = np.zeros(count, "V16")
        self.hashes = np.zeros(count, np.uint64)
        self.varied = np.zeros(count, bool)
        self.filled = 0
        self.alike = _ALIKE
        self._count, self._file = count, file
        self._reduced: NDArray[np.uint8] | None = None

    def add(self, block: Images) -> None:
        import imagehash
        from PIL import Image

        factor = max(1, max(block.shape[1:3]) // _SIDE)
        for image in block:
            picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
            reduced = picture.reduce(factor) if factor > 1 else picture
            pixels = np.asarray(reduced).ravel()
            if self._reduced is None:
                self.alike = _ALIKE_SMALL if factor == 1 else _ALIKE
                self._reduced = np.memmap(self._file, np.uint8, "w+", shape=(self._count, len(pixels)))
            self._reduced[self.filled] = pixels
            self.digests[self.filled] = hashlib.sha256(image.tobytes()).digest()[:16]
            if pixels.min() < pixels.max():
                self.varied[self.filled] = True
                self.hashes[self.filled] = np.packbits(imagehash.phash(reduced).hash).view(">u8")[0]
            self.filled += 1

    def are_alike(self, a: Numbers, b: Numbers) -> NDArray[np.bool_]:
        """Return for pairs of images whether the correlation of their reduced pixels reaches the threshold."""
        assert self._reduced is not None
        left, right = (_standardize(self._reduced[rows]) for rows in (a, b))
        return np.einsum("ij,ij->i", left, right) >= self.alike


def _standardize(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return rows with mean 0 and length 1."""
    rows = pixels.astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _join(sketches: _Sketches, images: Numbers) -> Numbers:
    """Return the position of the first image of each group of near duplicates, int64 of shape (images,)."""
    groups = np.arange(len(images))
    hashes = sketches.hashes[images]
    for band in range(_BANDS):
        rotated = np.roll(hashes[:, None].view(np.uint8), -band, axis=1).view(np.uint64)[:, 0]
        order = np.argsort(rotated.byteswap(), kind="stable")
        ordered = hashes[order]
        for step in range(1, min(_NEIGHBOURS, len(images) - 1) + 1):
            close = np.flatnonzero(np.bitwise_count(ordered[step:] ^ ordered[:-step]) <= _MOST_BITS)
            a, b = order[close], order[close + step]
            open_pairs = groups[a] != groups[b]
            groups = _connect(sketches, images, groups, a[open_pairs], b[open_pairs])
    return groups


def _connect(sketches: _Sketches, images: Numbers, groups: Numbers, a: Numbers, b: Numbers) -> Numbers:
    """Join the groups of the pairs that are alike."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    alike = [
        sketches.are_alike(images[a[start : start + _PAIRS]], images[b[start : start + _PAIRS]])
        for start in range(0, len(a), _PAIRS)
    ]
    found = np.concatenate(alike) if alike else np.zeros(0, bool)
    if not found.any():
        return groups
    count = len(groups)
    edges = np.append(groups[a[found]], np.arange(count)), np.append(groups[b[found]], groups)
    _, parts = connected_components(coo_array((np.ones(len(edges[0]), bool), edges), (count, count)), directed=False)
    _, first, index = np.unique(parts, return_index=True, return_inverse=True)
    return first[index]
