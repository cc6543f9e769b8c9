"""maps.npz of a run: what speaks for each class in its first test images."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.errors import RunDamagedError
from core.files import replacing
from core.store.run import Run

MOST_IMAGES = 64
MOST_BYTES = 2_000_000
MOST_FLOPS = 40_000_000_000

NAME = "maps.npz"


@dataclass(frozen=True)
class Maps:
    """Of the first test images: `maps` float32 of shape (images, classes, height, width), in units of the logit.

    Where they are `exact`, the mean of a map plus `bias`, float32 of shape (classes,), is the logit of that class;
    else they are Grad-CAM.
    """

    maps: NDArray[np.float32]
    bias: NDArray[np.float32]
    exact: bool


def count_images(images: int, map_bytes: int, map_flops: int) -> int:
    """How many test images have stored maps: 64, or as many as fit into 2 MB and some seconds, but one at least.

    Args:
        map_bytes: what the maps of one image take as float16, of all classes.
        map_flops: what they take to compute.
    """
    return min(images, MOST_IMAGES, max(1, min(MOST_BYTES // map_bytes, MOST_FLOPS // map_flops)))


def save_maps(path: Path, maps: NDArray[np.float32], bias: NDArray[np.float32], *, exact: bool) -> None:
    """Keeps maps as float16 shares of the strongest value of their image, which hold three digits whatever its size."""
    sizes = np.where(np.isfinite(maps), np.abs(maps), 0)
    strongest = sizes.max(axis=(1, 2, 3), keepdims=True)
    strongest[strongest == 0] = 1
    shares = np.clip(maps / strongest, -1, 1).astype(np.float16)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, shares=shares, strongest=strongest, bias=bias, exact=np.array(exact))


def read_maps(run: Run) -> Maps | None:
    """None for a run that was written without them.

    Raises:
        RunDamagedError: when they are not what the worker wrote, or do not fit the record.
    """
    if NAME not in run.record.checksums:
        return None
    try:
        with run.artifact(NAME).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = Maps(arrays["shares"] * arrays["strongest"], arrays["bias"], bool(arrays["exact"]))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        raise RunDamagedError(f"Expected readable activation maps in run {run.run_id}; got: {error}.") from None
    classes, images = len(run.record.data.classes), run.record.data.test_images
    if found.maps.ndim != 4 or found.maps.shape[1] != classes or not 0 < len(found.maps) <= images:
        raise RunDamagedError(
            f"Expected activation maps of {classes} classes in run {run.run_id}; got an array of {found.maps.shape}."
        )
    return found
