"""Convolution over several channels, and its parameters compared with a fully connected layer."""

from dataclasses import dataclass

import numpy as np

from core.architecture.layers import Conv
from core.errors import SpecError
from core.lab.convolution import Convolution, Padding, Values


@dataclass(frozen=True)
class ChannelSum:
    """Result of `convolve_channels`.

    Attributes:
        parts: of shape (channels, height, width), one cross-correlation per channel.
        output: sum of the parts plus the bias.
    """

    parts: Values
    output: Values


def convolve_channels(
    x: Values, kernel: Values, bias: float = 0.0, padding: Padding | int = "same", stride: int = 1
) -> ChannelSum:
    """Compute an output map of a convolutional layer as frameworks do (cross-correlation: the kernel is not flipped).

    Args:
        x: of shape (height, width, channels).
        kernel: of shape (kernel height, kernel width, channels); one slice per channel.

    Raises:
        SpecError: if the numbers of channels differ, or the kernel is larger than the padded input.
    """
    if x.shape[-1] != kernel.shape[-1]:
        raise SpecError(f"Expected a kernel with {x.shape[-1]} channels; got {kernel.shape[-1]}.")
    pairs = zip(np.moveaxis(x, -1, 0), np.moveaxis(kernel, -1, 0), strict=True)
    parts = np.stack([Convolution.of(*pair, padding, stride, flip=False).output for pair in pairs])
    return ChannelSum(parts, parts.sum(axis=0) + bias)


def convolve_layer(x: Values, kernels: Values, bias: Values, padding: Padding | int = "same") -> Values:
    """Compute all output maps of a convolutional layer, float64 of shape (height, width, filters).

    Args:
        x: of shape (height, width, channels).
        kernels: of shape (kernel height, kernel width, channels, filters), as in Keras.
        bias: of shape (filters,).

    Raises:
        SpecError: if the numbers of channels or filters differ, or the kernels are larger than the padded input.
    """
    if kernels.shape[-1] != len(bias):
        raise SpecError(f"Expected {kernels.shape[-1]} biases, one per filter; got {len(bias)}.")
    maps = [convolve_channels(x, kernels[..., k], float(bias[k]), padding).output for k in range(len(bias))]
    return np.stack(maps, axis=-1)


@dataclass(frozen=True)
class LayerCost:
    """Number of parameters of a convolution and of a fully connected layer with the same input and output shapes."""

    convolution: int
    fully_connected: int

    @property
    def ratio(self) -> float:
        return self.fully_connected / self.convolution


def compute_cost(side: int, channels: int, filters: int, kernel: int) -> LayerCost:
    """Return the number of parameters of a convolution and of a fully connected layer.

    Convolution with k kernels of size m × m over c channels: m·m·c·k + k, independent of the map size n × n. Fully
    connected layer with k output maps of the same size, without biases: (n·n·c)·(n·n·k).

    >>> compute_cost(side=28, channels=1, filters=32, kernel=3)
    LayerCost(convolution=320, fully_connected=19668992)
    """
    convolution, _ = Conv(filters, kernel).params((side, side, channels))
    return LayerCost(convolution, (side * side * channels) * (side * side * filters))
