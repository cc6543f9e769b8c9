"""Share of an image that is cut away when it becomes a square."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.augment.fit import Fit


def compute_cut_share(width: ArrayLike, height: ArrayLike, fit: Fit = "crop") -> NDArray[np.float64]:
    """Return the share of the pixels that `prepare` cuts away, from 0 to 1, for images of any sizes in pixels.

    >>> float(compute_cut_share(400, 300)), float(compute_cut_share(400, 300, "pad"))
    (0.25, 0.0)
    """
    sides = np.stack([np.asarray(width, np.float64), np.asarray(height, np.float64)])
    share: NDArray[np.float64] = 1 - sides.min(axis=0) / sides.max(axis=0)
    return share if fit == "crop" else np.zeros_like(share)
