"""Share of an image that the central crop removes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def compute_cut_share(width: ArrayLike, height: ArrayLike) -> NDArray[np.float64]:
    """Return the share of the pixels that the central square crop of `prepare` removes, from 0 to 1.

    >>> float(compute_cut_share(400, 300))
    0.25
    """
    sides = np.stack([np.asarray(width, np.float64), np.asarray(height, np.float64)])
    share: NDArray[np.float64] = 1 - sides.min(axis=0) / sides.max(axis=0)
    return share
