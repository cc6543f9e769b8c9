"""Stratified split of images into training, validation and test; duplicates stay in one split."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.datasets.custom.image_files import TEST, TRAIN, VALIDATION

_SHARE = 5
"""Divisor: a fifth of each class is for test, and a fifth of the other images for validation."""

Unit = NDArray[np.intp]
"""Positions of images that stay together."""


def draw_split(
    labels: NDArray[np.int64], groups: NDArray[np.int64], parts: NDArray[np.uint8], drawn: Sequence[int]
) -> NDArray[np.uint8]:
    """Draw the missing splits from the training images: a fifth of each class for test, then a fifth for validation.

    A class with two images has one for training and one for test, a class with three or more an image in each split.
    If no class has three, the validation images are a fifth of those that would be test images, so that every class
    keeps an image for training. Images are chosen by their position in the class: for test the second of each five, for
    validation those at the end. Their order should be random.

    Args:
        labels: Class of each image, of shape (images,).
        groups: Images with the same number, such as duplicates, come into the same split; of shape (images,). A group
            that contains all images of a class is split like other images, because its class would be missing.
        parts: TRAIN, VALIDATION or TEST for each image, of shape (images,). Only images of TRAIN change.
        drawn: The splits to draw: TEST, VALIDATION, both or none.

    Returns:
        The split of each image, of shape (images,).
    """
    parts = parts.copy()
    classes = _list_units(labels, groups, np.flatnonzero(parts == TRAIN))
    tests: list[Unit] = []
    for units in classes:
        rest = units
        if TEST in drawn:
            chosen = _choose_spread([len(unit) for unit in rest])
            tests += [rest[row] for row in chosen]
            rest = [unit for row, unit in enumerate(rest) if row not in chosen]
        if VALIDATION in drawn:
            for row in _choose_last([len(unit) for unit in rest]):
                parts[rest[row]] = VALIDATION
    for unit in tests:
        parts[unit] = TEST
    if VALIDATION in drawn and VALIDATION not in parts:
        for row in np.random.default_rng(0).permutation(len(tests))[: len(tests) // _SHARE]:
            parts[tests[row]] = VALIDATION
    return parts


def _list_units(labels: NDArray[np.int64], groups: NDArray[np.int64], pool: Unit) -> list[list[Unit]]:
    """Return the groups of images by the class of their first image, in their order."""
    groups = groups.copy()
    for label in np.unique(labels[pool]):
        members = pool[labels[pool] == label]
        if len(members) > 1 and len(np.unique(groups[members])) == 1:
            whole = pool[groups[pool] == groups[members[0]]]
            groups[whole] = groups.max() + 1 + np.arange(len(whole))
    units: dict[int, list[int]] = {}
    for position in pool.tolist():
        units.setdefault(int(groups[position]), []).append(position)
    classes: dict[int, list[Unit]] = {}
    for unit in units.values():
        classes.setdefault(int(labels[unit[0]]), []).append(np.array(unit, np.intp))
    return list(classes.values())


def _choose_spread(sizes: list[int]) -> list[int]:
    """Choose a fifth of the images, spread over all; with units of one image, the second of each five."""
    chosen: list[int] = []
    seen = taken = 0
    for row, size in enumerate(sizes):
        seen += size
        if taken + size <= _share(seen):
            chosen.append(row)
            taken += size
    return chosen or _choose_smallest(sizes)


def _choose_last(sizes: list[int]) -> list[int]:
    """Choose a fifth of the images from the end."""
    chosen: list[int] = []
    taken, most = 0, _share(sum(sizes))
    for row in reversed(range(len(sizes))):
        if taken + sizes[row] <= most:
            chosen.append(row)
            taken += sizes[row]
    return chosen or _choose_smallest(sizes)


def _share(images: int) -> int:
    """Return a fifth, rounded; at least 1 of 2 images.

    >>> [_share(images) for images in (1, 2, 6, 7, 100)]
    [0, 1, 1, 2, 20]
    """
    return (images + _SHARE - 2) // _SHARE


def _choose_smallest(sizes: list[int]) -> list[int]:
    return [int(np.argmin(sizes))] if len(sizes) > 1 else []
