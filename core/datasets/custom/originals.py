"""A few source images of a custom dataset before they are cropped, kept with its arrays to show the crop."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from core.datasets.dataset import Images
from core.errors import DatasetError, HeadroomError
from core.files import read_file
from core.image_file import read_picture, shrink_picture

MAX_ORIGINALS = 12

_FOLDER, _SIDE, _MAX_BYTES = "originals", 384, 1_000_000
_NAME = re.compile(r"(train|test)-(\d{1,8})\.jpg")


@dataclass(frozen=True)
class Original:
    """Source image of a row of `train_images` or `test_images`, uint8 of shape (height, width, channels), shrunk to at
    most 384 pixels."""

    split: str
    row: int
    pixels: NDArray[np.uint8]


def choose_originals(files: pd.DataFrame, count: int = MAX_ORIGINALS) -> list[int]:
    """Return the positions of at most `count` images whose aspect ratios are spread evenly over all of them.

    Args:
        files: One row per image with the columns width and height.
    """
    order = np.argsort((files["width"] / files["height"]).to_numpy(), kind="stable")
    ranks = np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)
    return [int(order[rank]) for rank in dict.fromkeys(ranks.tolist())]


def write_originals(folder: Path, files: pd.DataFrame, read: Callable[[str], Images]) -> None:
    """Write some source images into the folder of a dataset that is not published yet.

    Args:
        files: The rows of files.parquet (see `write_files`).
        read: Function that reads a source image.
    """
    target = folder / _FOLDER
    target.mkdir(exist_ok=True)
    for position in choose_originals(files):
        one = files.iloc[position]
        with suppress(HeadroomError, OSError):  # it was readable before; without it, fewer images are shown
            small = shrink_picture(read(one["file"]), _SIDE)
            picture = Image.fromarray(small[..., 0] if small.shape[-1] == 1 else small)
            split = "test" if one["split"] == "test" else "train"
            picture.save(target / f"{split}-{one['row']}.jpg", quality=90)


def read_originals(folder: Path) -> list[Original]:
    """Read the source images that are kept with a dataset; none for datasets that were added before."""
    found = []
    try:
        paths = sorted((folder / _FOLDER).iterdir())
    except OSError:
        return []
    for path in paths[:MAX_ORIGINALS]:
        if name := _NAME.fullmatch(path.name):
            try:
                pixels = read_picture(read_file(path, _MAX_BYTES), max_pixels=_SIDE**2)
            except (OSError, DatasetError):
                continue
            found.append(Original(name[1], int(name[2]), pixels))
    return found
