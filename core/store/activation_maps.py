"""maps.npz of a run: class activation maps of its first test images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.array_file import Expected
from core.files import replacing
from core.store.run import Run

MAX_IMAGES = 64
MAX_BYTES = 2_000_000
MAX_FLOPS = 40_000_000_000

NAME = "maps.npz"


@dataclass(frozen=True)
class Maps:
    """Class activation maps of the first test images.

    Attributes:
        maps: float32 of shape (images, classes, height, width), in units of the logit.
        bias: float32 of shape (classes,).
        exact: If True (CAM), the mean of a map plus the bias is the logit of the class; otherwise Grad-CAM.
    """

    maps: NDArray[np.float32]
    bias: NDArray[np.float32]
    exact: bool


def count_images(images: int, map_bytes: int, map_flops: int) -> int:
    """Return the number of test images with stored maps: at most 64, at least 1, within limits of size and FLOPs.

    Args:
        map_bytes: Size of the maps of one image for all classes, as float16.
        map_flops: FLOPs to compute them.
    """
    return min(images, MAX_IMAGES, max(1, min(MAX_BYTES // map_bytes, MAX_FLOPS // map_flops)))


def save_maps(path: Path, maps: NDArray[np.float32], bias: NDArray[np.float32], *, exact: bool) -> None:
    """Save maps as float16, scaled by the maximum of each image to keep about three significant digits."""
    sizes = np.where(np.isfinite(maps), np.abs(maps), 0)
    strongest = sizes.max(axis=(1, 2, 3), keepdims=True)
    strongest[strongest == 0] = 1
    shares = np.clip(maps / strongest, -1, 1).astype(np.float16)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, shares=shares, strongest=strongest, bias=bias, exact=np.array(exact))


def read_maps(run: Run) -> Maps | None:
    """Read the stored activation maps of a run; None if it has none.

    Raises:
        RunDamagedError: when the file is damaged or does not match the record.
    """
    if NAME not in run.record.checksums:
        return None
    classes, images = len(run.record.data.classes), run.record.data.test_images
    expected: dict[str, Expected] = {
        "shares": ("f2", (None, classes, None, None)),
        "strongest": ("f4", (None, 1, 1, 1)),
        "bias": ("f4", (classes,)),
        "exact": ("b1", ()),
    }
    arrays = run.load(NAME, expected)
    shares, strongest, bias = arrays["shares"], arrays["strongest"], arrays["bias"]
    if len(shares) != len(strongest) or not shares.size or len(shares) > images:
        raise run.damaged(f"{NAME} of run {run.run_id} is invalid: the shapes of its arrays do not match.")
    if (np.abs(shares) > 1).any() or not np.isfinite(strongest).all():
        raise run.damaged(f"{NAME} of run {run.run_id} is invalid: its values are outside their bounds.")
    return Maps(shares * strongest, bias, bool(arrays["exact"]))
