"""Max and average pooling."""

from itertools import product
from math import prod
from typing import Literal

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Convolution, PerAxis, Values, repeat_axes

Reduce = Literal["max", "mean"]
REDUCTIONS: tuple[Reduce, ...] = ("max", "mean")


def pool(x: Values, window: PerAxis, stride: PerAxis, reduce: Reduce = "max") -> Values:
    """Pool a signal or map with valid padding; windows overlap if the stride is smaller than they are.

    >>> pool(np.arange(16.0).reshape(4, 4), window=(2, 4), stride=(2, 1))
    array([[ 7.],
           [15.]])
    >>> pool(np.array([3.0, 2, 1, 7, 1, 2, 5, 4]), window=2, stride=2)
    array([3., 7., 2., 5.])

    Raises:
        SpecError: if the window is larger than the map.
    """
    layout = lay_windows(x, window, stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, layout.kernel.shape)
    windows = windows[tuple(slice(None, None, step) for step in layout.stride)]
    axes = tuple(range(x.ndim, 2 * x.ndim))
    return windows.max(axis=axes) if reduce == "max" else windows.mean(axis=axes)


def lay_windows(x: Values, window: PerAxis, stride: PerAxis) -> Convolution:
    """Return average pooling as a convolution with equal weights, for the positions of the windows.

    Raises:
        SpecError: if the window is larger than the map.
    """
    sides = repeat_axes(window, x.ndim)
    if any(side > size for side, size in zip(sides, x.shape, strict=True)):
        largest, actual = (
            (str(min(x.shape)), str(window))
            if isinstance(window, int)
            else (" × ".join(map(str, numbers)) for numbers in (x.shape, sides))
        )
        raise SpecError(f"Expected a window of at most {largest} (the size of the map); got {actual}.")
    return Convolution.of(x, np.full(sides, 1 / prod(sides)), "valid", stride)


def compute_twin(x: Values, window: PerAxis, seed: int) -> Values:
    """Return a different map with the same maximum in every tile of the size `window`.

    The maximum moves to a random position in its tile; the distances of the other values to it are scaled randomly.
    Values outside the tiles are unchanged.
    """
    rng = np.random.default_rng(seed)
    twin = x.copy()
    sides = repeat_axes(window, x.ndim)
    for corner in product(*(range(0, n - m + 1, m) for n, m in zip(x.shape, sides, strict=True))):
        cells = tuple(slice(start, start + m) for start, m in zip(corner, sides, strict=True))
        tile = x[cells].ravel()
        top = tile.max()
        others = top - np.round((top - tile) * rng.uniform(0.3, 1.7, tile.size))  # integers remain integers
        twin[cells] = rng.permutation(np.maximum(others, x.min())).reshape(sides)
    return twin


def pool_globally(x: Values, reduce: Reduce) -> float:
    """Return the maximum or mean of a map: pooling with a window of the size of the map."""
    return float(x.max() if reduce == "max" else x.mean())
