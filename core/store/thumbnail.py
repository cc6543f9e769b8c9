"""Test images of a run, from its dataset or from an imported bundle."""

import re

import numpy as np
from numpy.typing import NDArray

from core.array_file import map_array
from core.datasets.dataset_key import FOLDER
from core.datasets.dataset_view import open_view
from core.errors import DatasetError, HomeError
from core.home import Home
from core.image_file import shrink_picture
from core.spec import DATASETS, RunSpec
from core.store.metrics import compute_targets
from core.store.record import Data
from core.store.run import Run

SIDE = 128
MAX_BYTES = 64_000_000
EXACT, SHRUNK = "images.npy", "thumbnails.npy"
FINGERPRINT = r"[0-9a-f]{16}"

_SIDES = (SIDE, 96, 64, 48, 32, 24, 16)

Images = NDArray[np.uint8]


def load_test_images(home: Home, run: Run, *, exact: bool = False) -> Images:
    """Load the test images of a run at their original size, uint8 of shape (images, height, width, channels).

    If the dataset is not available, images from an imported bundle are used; large ones are thumbnails. Arrays are
    memory-mapped.

    Args:
        exact: Do not use thumbnails.

    Raises:
        DatasetError: when no images are available, or the fingerprint of the dataset does not match.
    """
    try:
        if run.spec.elsewhere and (found := _find_by_labels(home, run)) is not None:
            return found
        if run.spec.elsewhere:
            raise DatasetError(
                "The test images of these runs are not available: they were trained elsewhere, and no dataset of that "
                "name has their test labels."
            )
        view = open_view(home, run.spec, native=True)
        if view.info.fingerprint != run.record.data.fingerprint:
            raise DatasetError(
                f"The test images of these runs are not available: the fingerprint of "
                f"{run.spec.folder or run.spec.dataset} is {run.record.data.fingerprint} in the run, "
                f"but {view.info.fingerprint} on disk."
            )
        if len(view.test_images) < run.record.data.test_images:
            raise DatasetError(
                f"The test images of these runs are not available: run {run.run_id} has "
                f"{run.record.data.test_images:,} of them, and the dataset has {len(view.test_images):,}."
            )
    except (DatasetError, HomeError) as error:
        for name in (EXACT,) if exact else (EXACT, SHRUNK):
            if (kept := _read(home, run.record.data, name)) is not None:
                return kept
        if isinstance(error, DatasetError):
            raise
        raise DatasetError("The test images of these runs are not available: the home cannot be written.") from error
    return view.test_images


def _find_by_labels(home: Home, run: Run) -> Images | None:
    """Return the test images of the dataset that a run from elsewhere names, if its test labels are equal."""
    name = run.spec.folder
    if not name:
        return None
    spec = RunSpec(dataset=name) if name in DATASETS and name != FOLDER else RunSpec(dataset=FOLDER, folder=name)
    try:
        view = open_view(home, spec, native=True)
    except (DatasetError, HomeError):
        return None
    labels = np.asarray(view.test_labels)
    return view.test_images if compute_targets(labels) == run.record.data.targets else None


def build_thumbnails(images: Images) -> tuple[str, Images] | None:
    """Return the file name and the pixels of test images for a bundle, shrunk to at most 128 pixels and 64 MB.

    Returns None if there are too many images for any size.
    """
    count, height, width, channels = images.shape
    for side in _SIDES:
        scale = min(1.0, side / max(height, width))
        size = max(1, round(height * scale)), max(1, round(width * scale))
        if count * size[0] * size[1] * channels <= MAX_BYTES:
            if scale == 1.0:
                return EXACT, np.asarray(images)
            return SHRUNK, np.stack([shrink_picture(image, side) for image in images])
    return None


def matches_dataset(pixels: NDArray[np.generic], data: Data) -> bool:
    """Return whether an array is a valid set of test images or thumbnails for a run."""
    return (
        pixels.dtype == np.uint8
        and pixels.ndim == 4
        and len(pixels) == data.test_images
        and min(pixels.shape[1:3]) >= 1
        and max(pixels.shape[1:3]) <= SIDE
        and pixels.shape[3] in (1, 3)
        and pixels.nbytes <= MAX_BYTES
    )


def _read(home: Home, data: Data, name: str) -> Images | None:
    if not re.fullmatch(FINGERPRINT, data.fingerprint):  # the fingerprint becomes part of a path
        return None
    try:
        found = map_array(home.thumbnails / data.fingerprint / name, ("u1", (data.test_images, None, None, None)))
    except ValueError:
        return None
    return found if matches_dataset(found, data) else None
