"""Faces of CelebA with 40 binary attributes, read from a folder with the official layout."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.augment.fit import Fit
from core.datasets.custom.image_files import MAX_FILES, TEST, TRAIN, VALIDATION, Collection, SourceImage
from core.datasets.sources.celeba import ATTRIBUTES, CLASSES
from core.datasets.trees.litter import is_litter
from core.errors import DatasetError
from core.image_file import decode_picture
from core.image_format import MAX_PIXELS
from core.plural import format_plural

IMAGES, ATTRIBUTE_FILE, PARTITION_FILE = "img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"

_VALUES = {"1": 1, "-1": 0}
_PARTS = {"0": TRAIN, "1": VALIDATION, "2": TEST}
_SHARES = (0.8, 0.9)


@contextmanager
def survey_celeba(path: Path, side: int | None, fit: Fit = "crop") -> Iterator[Collection]:
    """List the faces in `list_attr_celeba.txt`, split by `list_eval_partition.txt` if it exists."""
    if side is not None:
        raise DatasetError(
            f"CelebA is stored at its original size; side {side} does not apply. Set side for training instead."
        )
    if fit != "crop":
        raise DatasetError(f"CelebA is stored at its original size; fit {fit} does not apply.")
    if not path.is_dir():
        raise DatasetError(f"{path} is not a folder. Use the folder that contains {IMAGES} and {ATTRIBUTE_FILE}.")
    names, labels = read_attributes(path / ATTRIBUTE_FILE)
    ignored = _check_images(path / IMAGES, names)
    official = (path / PARTITION_FILE).exists()
    parts = read_parts(path / PARTITION_FILE, names) if official else draw_parts(len(names))
    for part, word in ((TRAIN, "training"), (VALIDATION, "validation"), (TEST, "test")):
        if part not in parts:
            raise DatasetError(f"{PARTITION_FILE if official else ATTRIBUTE_FILE} contains no {word} images.")
    order = np.argsort(parts, kind="stable")
    sizes, others = measure_sizes(path / IMAGES, names)
    width, height = sizes

    def load(name: str) -> SourceImage:
        source = decode_picture((path / IMAGES / name).read_bytes(), 3, own_range=True).picture
        picture = source if source.size == sizes else source.resize(sizes, Image.Resampling.BILINEAR)
        return SourceImage.of(picture, source.size)

    notes = [] if official else ["no partition file: random 80/10/10 split by Headroom (seed 0)"]
    if others:
        notes.append(f"{format_plural(others, 'image')} of a different size resized to {width} × {height}")
    yield Collection(
        [names[row] for row in order],
        labels[order],
        load,
        (height, width, 3),
        CLASSES,
        parts[order],
        splits="given" if official else "drawn",
        attributes=ATTRIBUTES,
        note="; ".join(notes),
        ignored=tuple(ignored),
    )


def read_attributes(path: Path) -> tuple[list[str], NDArray[np.uint8]]:
    """Return the names of the images, and their attributes (0 or 1) as uint8 of shape (images, attributes).

    The first line of the file contains the number of images, the second the names of the attributes, and each other
    line the name of an image and 1 or −1 for each attribute.

    Raises:
        DatasetError: for the first invalid line.
    """
    lines = _read_lines(path)
    count = lines[0].strip() if lines else ""
    if not count.isdecimal() or not 0 < int(count[:9]) <= MAX_FILES:
        raise DatasetError(
            f"Expected the number of images, 1 to {MAX_FILES:,}, in line 1 of {path.name}; got {count!r:.60}."
        )
    header = tuple(lines[1].split()) if len(lines) > 1 else ()
    if header != ATTRIBUTES:
        wrong = next((name for name in header if name not in ATTRIBUTES), None)
        order = "a different order" if set(header) == set(ATTRIBUTES) else f"{len(header)} names"
        got = f"{wrong!r:.60}" if wrong else order
        raise DatasetError(f"Expected CelebA's 40 attributes in official order in line 2 of {path.name}; got {got}.")
    if len(lines) - 2 != int(count):
        raise DatasetError(
            f"Expected {int(count):,} images in {path.name}, as given in line 1; got {len(lines) - 2:,}."
        )
    names, labels = [], np.empty((int(count), len(ATTRIBUTES)), np.uint8)
    for row, line in enumerate(lines[2:]):
        name, *values = line.split() or [""]
        if len(values) != len(ATTRIBUTES):
            raise DatasetError(f"Expected 40 values in line {row + 3} of {path.name}; got {len(values)}.")
        try:
            labels[row] = [_VALUES[value] for value in values]
        except KeyError as error:
            raise DatasetError(
                f"Expected 1 or -1 in line {row + 3} of {path.name}; got {str(error.args[0])!r:.40}."
            ) from None
        names.append(name)
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise DatasetError(f"Expected each image only once in {path.name}; got {twice!r:.60} several times.")
    return names, labels


def read_parts(path: Path, names: list[str]) -> NDArray[np.uint8]:
    """Read TRAIN, VALIDATION or TEST for each image, from lines with its name and 0, 1 or 2.

    Raises:
        DatasetError: when an image is missing or a line is invalid.
    """
    parts = {}
    for row, line in enumerate(_read_lines(path)):
        name, *values = line.split() or [""]
        if len(values) != 1 or values[0] not in _PARTS:
            raise DatasetError(f"Expected a name and 0, 1 or 2 in line {row + 1} of {path.name}; got {line!r:.60}.")
        parts[name] = _PARTS[values[0]]
    absent = [name for name in names if name not in parts]
    if absent:
        raise DatasetError(f"{path.name} does not contain {_describe_names(absent)}.")
    return np.array([parts[name] for name in names], np.uint8)


def draw_parts(count: int) -> NDArray[np.uint8]:
    """Assign 80% of the images to training, 10% to validation and 10% to test, at random with seed 0."""
    parts = np.full(count, TEST, np.uint8)
    order = np.random.default_rng(0).permutation(count)
    first, second = (round(count * share) for share in _SHARES)
    parts[order[:first]], parts[order[first:second]] = TRAIN, VALIDATION
    return parts


def measure_sizes(folder: Path, names: list[str]) -> tuple[tuple[int, int], int]:
    """Return the most frequent (width, height), and the number of images with a different size; reads only headers.

    Raises:
        DatasetError: when no file is an image within the size limit.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    for name in names:
        try:
            with Image.open(folder / name) as image:
                sizes[image.size] += 1
        except Exception:  # reported when the image is read
            continue
    usable = [(size, count) for size, count in sizes.most_common() if size[0] * size[1] <= MAX_PIXELS]
    if not usable:
        raise DatasetError(f"{folder} contains no valid image files.")
    return usable[0][0], sizes.total() - usable[0][1]


def _read_lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        raise DatasetError(f"{path.name} is missing in {path.parent}.") from None
    except OSError as error:
        raise DatasetError(f"Cannot read {path}: {error.strerror}.") from error
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _check_images(folder: Path, names: list[str]) -> list[str]:
    """Check that the images in a folder match a list of names, and return the names of system files among them.

    Raises:
        DatasetError: when an image or a name is missing.
    """
    try:
        with os.scandir(folder) as entries:
            found = {entry.name for entry in entries}
    except OSError:
        raise DatasetError(f"The image folder {folder} does not exist or cannot be read.") from None
    if absent := [name for name in names if name not in found]:
        raise DatasetError(f"{folder} does not contain {_describe_names(absent)}, listed in {ATTRIBUTE_FILE}.")
    ignored = sorted(filter(is_litter, found))
    if unnamed := sorted(name for name in found.difference(names, ignored) if not name.startswith(".")):
        raise DatasetError(f"{ATTRIBUTE_FILE} does not contain {_describe_names(unnamed)}.")
    return ignored


def _describe_names(names: list[str]) -> str:
    more = len(names) - 1
    return f"{names[0]!r:.60}" + (f" and {more:,} more" if more else "")
