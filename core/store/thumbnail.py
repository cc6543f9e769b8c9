"""Test images of a run: from its dataset, else the small ones that came with a bundle."""

import re

import numpy as np
from numpy.typing import NDArray

from core.datasets.dataset_view import open_view
from core.errors import DatasetError
from core.home import Home
from core.image_file import shrink_picture
from core.store.record import Data
from core.store.run import Run

SIDE = 128
MOST_BYTES = 64_000_000
EXACT, SHRUNK = "images.npy", "thumbnails.npy"
FINGERPRINT = r"[0-9a-f]{16}"

_SIDES = (SIDE, 96, 64, 48, 32, 24, 16)

Images = NDArray[np.uint8]


def load_test_images(home: Home, run: Run, *, exact: bool = False) -> Images:
    """The images that the run was tested on as they are stored, not as the model saw them: uint8 of shape
    (images, height, width, channels), memory-mapped.

    Where the dataset is not here, those that came with a bundle: as they are stored if they are small, else shrunk.

    Args:
        exact: shrunk ones will not do, since something is to be computed from them.

    Raises:
        DatasetError: when neither is here, or the dataset is not the one that the run was tested on.
    """
    try:
        view = open_view(home, run.spec, native=True)
        if view.info.fingerprint != run.record.data.fingerprint:
            raise DatasetError(
                f"Expected the {run.spec.folder or run.spec.dataset} data with fingerprint "
                f"{run.record.data.fingerprint}; got {view.info.fingerprint}, so the pictures of these runs cannot be "
                "shown."
            )
    except DatasetError:
        for name in (EXACT,) if exact else (EXACT, SHRUNK):
            if (kept := _read(home, run.record.data, name)) is not None:
                return kept
        raise
    return view.test_images


def build_thumbnails(images: Images) -> tuple[str, Images] | None:
    """The name and the pixels under which test images go into a bundle: all of them, as large as 128 pixels and 64 MB
    allow; None where there are too many for any size."""
    count, height, width, channels = images.shape
    for side in _SIDES:
        share = min(1.0, side / max(height, width))
        size = max(1, round(height * share)), max(1, round(width * share))
        if count * size[0] * size[1] * channels <= MOST_BYTES:
            if share == 1.0:
                return EXACT, np.asarray(images)
            return SHRUNK, np.stack([shrink_picture(image, side) for image in images])
    return None


def matches_dataset(pixels: NDArray[np.generic], data: Data) -> bool:
    """Whether an array can be the small pictures of a run's test images."""
    return (
        pixels.dtype == np.uint8
        and pixels.ndim == 4
        and len(pixels) == data.test_images
        and min(pixels.shape[1:3]) >= 1
        and max(pixels.shape[1:3]) <= SIDE
        and pixels.shape[3] in (1, 3)
        and pixels.nbytes <= MOST_BYTES
    )


def _read(home: Home, data: Data, name: str) -> Images | None:
    if not re.fullmatch(FINGERPRINT, data.fingerprint):  # it becomes part of a path
        return None
    try:
        found = np.load(home.thumbnails / data.fingerprint / name, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if matches_dataset(found, data) else None
