"""Layer records of local and global pooling."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from core.architecture.layers import AxisSizes, Plain, Shape, count_axes, format_sizes, slide, spread

Reduction = Literal["max", "average"]


@dataclass(frozen=True)
class LocalPooling(Plain):
    """Max or average pooling. Windows overlap if `strides` is smaller than `pool_size`, its value if None.

    The average of a window at the border excludes the padding, as in Keras.
    """

    pool_size: AxisSizes = 2
    strides: AxisSizes | None = None
    padding: str = "valid"
    reduce: Reduction = "max"
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return f"{self.reduce.title()}Pooling{count_axes(shape, f'{self.reduce} pooling')}D"

    def output_shape(self, shape: Shape) -> Shape:
        label = f"{self.reduce} pooling with window {format_sizes(self.pool_size)}"
        rank = count_axes(shape, label)
        strides = self.pool_size if self.strides is None else self.strides
        axes = zip(shape[:-1], spread(self.pool_size, rank), spread(strides, rank), strict=True)
        return (*(slide(side, window, stride, self.padding, label) for side, window, stride in axes), shape[-1])

    def flops(self, shape: Shape) -> int:
        return prod(self.output_shape(shape)) * prod(spread(self.pool_size, len(shape) - 1))


@dataclass(frozen=True)
class GlobalPooling(Plain):
    """Global average or max pooling to one value per channel, with sides of 1 if `keepdims` is True."""

    reduce: Reduction = "average"
    name: str = ""
    keepdims: bool = False

    def keras_type(self, shape: Shape) -> str:
        return f"Global{self.reduce.title()}Pooling{count_axes(shape, 'global pooling')}D"

    def output_shape(self, shape: Shape) -> Shape:
        rank = count_axes(shape, "global pooling")
        return (*(1,) * rank * self.keepdims, shape[-1])

    def flops(self, shape: Shape) -> int:
        return prod(shape)
