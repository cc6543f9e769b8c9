"""A few source images of a custom dataset before they are cropped, kept beside its arrays to show the crop."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.datasets.dataset import Images
from core.image_file import shrink_picture

MAX_ORIGINALS = 12

_FOLDER, _SIDE = "originals", 384
_NAME = re.compile(r"(train|test)-(\d{1,8})\.jpg")


@dataclass(frozen=True)
class Original:
    """Source image of a row of `train_images` or `test_images`, uint8 of shape (height, width, channels), shrunk to at
    most 384 pixels."""

    split: str
    row: int
    pixels: NDArray[np.uint8]


def choose_originals(ratios: NDArray[np.float64]) -> list[int]:
    """Return the positions of at most `MAX_ORIGINALS` images whose aspect ratios are spread evenly over all of them."""
    order = np.argsort(ratios, kind="stable")
    places = np.linspace(0, len(order) - 1, min(MAX_ORIGINALS, len(order))).round().astype(int)
    return [int(order[place]) for place in dict.fromkeys(places.tolist())]


def write_originals(folder: Path, originals: Iterable[tuple[str, int, Images]]) -> None:
    """Write source images into the folder of a dataset that is not published yet.

    Args:
        originals: Split ("train" or "test"), row and pixels of each.
    """
    target = folder / _FOLDER
    target.mkdir()
    for split, row, pixels in originals:
        small = shrink_picture(pixels, _SIDE)
        picture = Image.fromarray(small[..., 0] if small.shape[-1] == 1 else small)
        picture.save(target / f"{split}-{row}.jpg", quality=90)


def read_originals(folder: Path) -> list[Original]:
    """Read the source images that are kept beside a dataset; none for datasets that were added before."""
    found = []
    try:
        paths = sorted((folder / _FOLDER).iterdir())
    except OSError:
        return []
    for path in paths[:MAX_ORIGINALS]:
        if name := _NAME.fullmatch(path.name):
            try:
                with Image.open(path, formats=("JPEG",)) as picture:
                    pixels = np.asarray(picture)
            except (OSError, ValueError):
                continue
            found.append(Original(name[1], int(name[2]), pixels if pixels.ndim == 3 else pixels[..., np.newaxis]))
    return found
