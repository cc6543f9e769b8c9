"""CelebA: faces with forty attributes each, from a folder in the official layout."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.datasets.dataset import Dataset
from core.datasets.image_files import MOST_FILES, TEST, TRAIN, VALIDATION, Collection
from core.errors import DatasetError
from core.image_file import MAX_PIXELS, read_picture

ATTRIBUTES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips", "Big_Nose",
    "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses",
    "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache",
    "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks",
    "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick",
    "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip
IMAGES, ATTRIBUTE_FILE, PARTITION_FILE = "img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"

_VALUES = {"1": 1, "-1": 0}
_PARTS = {"0": TRAIN, "1": VALIDATION, "2": TEST}
_SHARES = (0.8, 0.9)


@contextmanager
def survey(path: Path, side: int | None) -> Iterator[Collection]:
    """The faces that `list_attr_celeba.txt` names, in the parts of `list_eval_partition.txt` where there is one."""
    if side is not None:
        raise DatasetError(f"Expected no side for CelebA, which is kept at its own size; got {side}.")
    if not path.is_dir():
        raise DatasetError(f"Expected a folder with {IMAGES} and {ATTRIBUTE_FILE}; got no folder: {path}.")
    names, labels = read_attributes(path / ATTRIBUTE_FILE)
    _check_images(path / IMAGES, names)
    official = (path / PARTITION_FILE).exists()
    parts = read_parts(path / PARTITION_FILE, names) if official else draw_parts(len(names))
    for part, word in ((TRAIN, "training"), (VALIDATION, "validation"), (TEST, "test")):
        if part not in parts:
            raise DatasetError(f"Expected {word} images in {PARTITION_FILE if official else ATTRIBUTE_FILE}; got none.")
    order = np.argsort(parts, kind="stable")
    sizes, others = measure(path / IMAGES, names)
    width, height = sizes

    def load(name: str) -> NDArray[np.uint8]:
        pixels = read_picture((path / IMAGES / name).read_bytes(), channels=3)
        if pixels.shape != (height, width, 3):
            pixels = np.asarray(Image.fromarray(pixels).resize(sizes, Image.Resampling.BILINEAR))
        return pixels

    notes = [] if official else ["no partition file: seeded 80/10/10 split of Headroom's own"]
    if others:
        notes.append(f"{others:,} images of another size resized to {width} × {height}")
    yield Collection(
        [names[row] for row in order], labels[order], load, (height, width, 3), DATASET.classes, ATTRIBUTES,
        parts[order], "; ".join(notes),
    )  # fmt: skip


def read_attributes(path: Path) -> tuple[list[str], NDArray[np.uint8]]:
    """Names of the images, and 0 or 1 for each of ATTRIBUTES as uint8 of shape (images, attributes).

    The first line of the file is the number of images, the second names the attributes, each other an image and a 1
    or −1 for each attribute.

    Raises:
        DatasetError: when it is not so; names the first line that is off.
    """
    lines = _read_lines(path)
    count = lines[0].strip() if lines else ""
    if not count.isdecimal() or not 0 < int(count[:9]) <= MOST_FILES:
        raise DatasetError(
            f"Expected the number of images, 1 to {MOST_FILES:,}, in line 1 of {path.name}; got {count!r:.60}."
        )
    header = tuple(lines[1].split()) if len(lines) > 1 else ()
    if header != ATTRIBUTES:
        wrong = next((name for name in header if name not in ATTRIBUTES), None)
        got = f"{wrong!r:.60}" if wrong else f"{len(header)} of them" if set(header) != set(ATTRIBUTES) else "others"
        raise DatasetError(f"Expected line 2 of {path.name} to name CelebA's 40 attributes in their order; got {got}.")
    if len(lines) - 2 != int(count):
        raise DatasetError(f"Expected {int(count):,} images in {path.name} as its line 1 says; got {len(lines) - 2:,}.")
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
        raise DatasetError(f"Expected each image once in {path.name}; got {twice!r:.60} twice.")
    return names, labels


def read_parts(path: Path, names: list[str]) -> NDArray[np.uint8]:
    """TRAIN, VALIDATION or TEST for each image, from lines with its name and 0, 1 or 2.

    Raises:
        DatasetError: when an image has no line, or a line another value.
    """
    parts = {}
    for row, line in enumerate(_read_lines(path)):
        name, *values = line.split() or [""]
        if len(values) != 1 or values[0] not in _PARTS:
            raise DatasetError(f"Expected a name and 0, 1 or 2 in line {row + 1} of {path.name}; got {line!r:.60}.")
        parts[name] = _PARTS[values[0]]
    absent = [name for name in names if name not in parts]
    if absent:
        raise DatasetError(f"Expected a line in {path.name} for each image; got none for {_write(absent)}.")
    return np.array([parts[name] for name in names], np.uint8)


def draw_parts(count: int) -> NDArray[np.uint8]:
    """80 % to train, 10 % to validate and 10 % to test, drawn with seed 0."""
    parts = np.full(count, TEST, np.uint8)
    order = np.random.default_rng(0).permutation(count)
    first, second = (round(count * share) for share in _SHARES)
    parts[order[:first]], parts[order[first:second]] = TRAIN, VALIDATION
    return parts


def measure(folder: Path, names: list[str]) -> tuple[tuple[int, int], int]:
    """(width, height) that most images have, and how many have another; the heads of the files say it.

    Raises:
        DatasetError: when no file is an image of a bearable size.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    for name in names:
        try:
            with Image.open(folder / name) as image:
                sizes[image.size] += 1
        except Exception:  # it is told when it is read
            continue
    usable = [(size, count) for size, count in sizes.most_common() if size[0] * size[1] <= MAX_PIXELS]
    if not usable:
        raise DatasetError(f"Expected images in {folder}; got no file that is one.")
    return usable[0][0], sizes.total() - usable[0][1]


def _read_lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        raise DatasetError(f"Expected {path.name} in {path.parent}; got none.") from None
    except OSError as error:
        raise DatasetError(f"Expected to be able to read {path}; got: {error.strerror}.") from error
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _check_images(folder: Path, names: list[str]) -> None:
    """
    Raises:
        DatasetError: when images and names are not the same.
    """
    try:
        with os.scandir(folder) as entries:
            found = {entry.name for entry in entries if not entry.name.startswith(".")}
    except OSError:
        raise DatasetError(f"Expected the images in {folder}; got no such folder.") from None
    if absent := [name for name in names if name not in found]:
        raise DatasetError(f"Expected the images that {ATTRIBUTE_FILE} names in {folder}; got no {_write(absent)}.")
    if unnamed := sorted(found.difference(names)):
        raise DatasetError(f"Expected a line in {ATTRIBUTE_FILE} for each image; got none for {_write(unnamed)}.")


def _write(names: list[str]) -> str:
    more = len(names) - 1
    return f"{names[0]!r:.60}" + (f" and {more:,} more" if more else "")


DATASET = Dataset(
    name="celeba",
    label="CelebA",
    order=4,
    summary="Faces of celebrities with forty binary attributes; for non-commercial research only.",
    classes=("no", "yes"),
    input_shape=(218, 178, 3),
    official_counts=(182_637, 19_962),
    official_fingerprint=None,
    source="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    licence="non-commercial research",
    citation="Liu, Z., Luo, P., Wang, X. & Tang, X. (2015). Deep Learning Face Attributes in the Wild. ICCV.",
    survey=survey,
    uses=("attribute", "side"),
    choices={"attribute": ATTRIBUTES},
)
