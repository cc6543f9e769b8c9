"""Max and average pooling."""

from typing import Literal

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Convolution, Values

Reduce = Literal["max", "mean"]


def pool(x: Values, window: int, stride: int, reduce: Reduce = "max") -> Values:
    """Pool a map of shape (height, width) with valid padding; windows overlap if the stride is smaller than they are.

    >>> pool(np.arange(16.0).reshape(4, 4), window=2, stride=2)
    array([[ 5.,  7.],
           [13., 15.]])

    Raises:
        SpecError: if the window is larger than the map.
    """
    lay_windows(x, window, stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, (window, window))[::stride, ::stride]
    return windows.max(axis=(2, 3)) if reduce == "max" else windows.mean(axis=(2, 3))


def lay_windows(x: Values, window: int, stride: int) -> Convolution:
    """Return average pooling as a convolution with weights 1/window², for the positions of the windows.

    Raises:
        SpecError: if the window is larger than the map.
    """
    if window > min(x.shape):
        raise SpecError(f"Expected a window of at most {min(x.shape)} (the size of the map); got {window}.")
    return Convolution.of(x, np.full((window, window), 1 / window**2), "valid", stride)


def compute_twin(x: Values, window: int, seed: int) -> Values:
    """Return a different map with the same maximum in every tile of `window` × `window`.

    The maximum moves to a random position in its tile; the distances of the other values to it are scaled randomly.
    Values outside the tiles are unchanged.
    """
    rng = np.random.default_rng(seed)
    twin = x.copy()
    for row in range(0, x.shape[0] - window + 1, window):
        for column in range(0, x.shape[1] - window + 1, window):
            tile = x[row : row + window, column : column + window].ravel()
            top = tile.max()
            others = top - np.round((top - tile) * rng.uniform(0.3, 1.7, tile.size))  # integers remain integers
            moved = rng.permutation(np.maximum(others, x.min()))
            twin[row : row + window, column : column + window] = moved.reshape(window, window)
    return twin


def pool_globally(x: Values, reduce: Reduce) -> float:
    """Return the maximum or mean of a map: pooling with a window of the size of the map."""
    return float(x.max() if reduce == "max" else x.mean())
