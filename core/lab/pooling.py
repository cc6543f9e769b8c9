"""Pooling: the maximum or the mean of a window that slides over a map."""

from typing import Literal

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Convolution, Values

Reduce = Literal["max", "mean"]


def pool(x: Values, window: int, stride: int, reduce: Reduce = "max") -> Values:
    """The map `x` of shape (height, width) reduced window by window, valid padding; windows overlap when the stride is
    smaller than they are.

    >>> pool(np.arange(16.0).reshape(4, 4), window=2, stride=2)
    array([[ 5.,  7.],
           [13., 15.]])

    Raises:
        SpecError: when the window is larger than the map.
    """
    lay_windows(x, window, stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, (window, window))[::stride, ::stride]
    return windows.max(axis=(2, 3)) if reduce == "max" else windows.mean(axis=(2, 3))


def lay_windows(x: Values, window: int, stride: int) -> Convolution:
    """Where the windows lie: those of a mean written as a convolution, each weight 1/window².

    Raises:
        SpecError: when the window is larger than the map.
    """
    if window > min(x.shape):
        raise SpecError(f"Expected a window of at most {min(x.shape)} for this map; got {window}.")
    return Convolution.of(x, np.full((window, window), 1 / window**2), "valid", stride)


def compute_twin(x: Values, window: int, seed: int) -> Values:
    """Another map with the same maximum in every tile of `window` × `window`: the maximum moves to a random place of
    its tile and the other values shrink by random shares of their distance to it. What tiles leave over stays."""
    random = np.random.default_rng(seed)
    twin = x.copy()
    for row in range(0, x.shape[0] - window + 1, window):
        for column in range(0, x.shape[1] - window + 1, window):
            tile = x[row : row + window, column : column + window].ravel()
            top = tile.max()
            others = top - np.round((top - tile) * random.uniform(0.3, 1.7, tile.size))  # whole numbers stay whole
            moved = random.permutation(np.maximum(others, x.min()))
            twin[row : row + window, column : column + window] = moved.reshape(window, window)
    return twin


def pool_globally(x: Values, reduce: Reduce) -> float:
    """One number a map: pooling whose window is the whole map."""
    return float(x.max() if reduce == "max" else x.mean())
