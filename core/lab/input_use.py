"""Number of output values that use each input value of a convolution."""

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core.lab.convolution import Convolution, compute_output_size

Counts = NDArray[np.int64]


def count_uses(size: int, kernel: int, padding: tuple[int, int], stride: int = 1, dilation: int = 1) -> Counts:
    """Return how many output values use each of `size` input values along one axis, int64 of shape (size,).

    Input i is used by the outputs o with o·s + k·d = i + p for a weight k.

    >>> count_uses(5, 3, (0, 0)).tolist(), count_uses(5, 3, (2, 2)).tolist()
    ([1, 2, 3, 2, 1], [3, 3, 3, 3, 3])

    Raises:
        SpecError: if the kernel is larger than the padded input.
    """
    outputs = compute_output_size(size, kernel, padding, stride, dilation)
    used = np.add.outer(np.arange(outputs) * stride, np.arange(kernel) * dilation) - padding[0]
    return np.bincount(used[(used >= 0) & (used < size)], minlength=size)


def count_uses_map(convolution: Convolution) -> Counts:
    """Return how many output values use each input value, int64 of the shape of the input.

    The count of a value is the product of the counts of its indices along the axes.
    """
    return reduce(np.multiply.outer, [count_uses(*axis) for axis in convolution.axes])
