"""Convolution over several channels, and what it costs against a fully connected layer."""

from dataclasses import dataclass

import numpy as np

from core.architecture.layers import Conv
from core.errors import SpecError
from core.lab.convolution import Convolution, Padding, Values


@dataclass(frozen=True)
class ChannelSum:
    """`parts` of shape (channels, height, width), one cross-correlation a channel; `output` is their sum and a bias."""

    parts: Values
    output: Values


def convolve_channels(
    x: Values, kernel: Values, bias: float = 0.0, padding: Padding | int = "same", stride: int = 1
) -> ChannelSum:
    """One output map of a convolutional layer, as frameworks compute it (the kernel is not turned round).

    Args:
        x: of shape (height, width, channels).
        kernel: of shape (kernel height, kernel width, channels); each channel has its own slice.

    Raises:
        SpecError: when the channels differ in number or the kernel covers more than the padded input.
    """
    if x.shape[-1] != kernel.shape[-1]:
        raise SpecError(f"Expected a kernel slice for each of {x.shape[-1]} channels; got {kernel.shape[-1]}.")
    pairs = zip(np.moveaxis(x, -1, 0), np.moveaxis(kernel, -1, 0), strict=True)
    parts = np.stack([Convolution.of(*pair, padding, stride, flip=False).output for pair in pairs])
    return ChannelSum(parts, parts.sum(axis=0) + bias)


@dataclass(frozen=True)
class LayerCost:
    """Parameters of a convolution and of the fully connected layer with the same inputs and outputs."""

    convolution: int
    fully_connected: int

    @property
    def ratio(self) -> float:
        return self.fully_connected / self.convolution


def compute_cost(side: int, channels: int, filters: int, kernel: int) -> LayerCost:
    """m·m·c·k + k for k kernels m × m over c channels, whatever the size of the map; (n·n·c)·(n·n·k) for a fully
    connected layer that gives k maps of the same size, its biases left out.

    >>> compute_cost(side=28, channels=1, filters=32, kernel=3)
    LayerCost(convolution=320, fully_connected=19668992)
    """
    convolution, _ = Conv(filters, kernel).params((side, side, channels))
    return LayerCost(convolution, (side * side * channels) * (side * side * filters))
