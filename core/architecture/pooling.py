"""Layer records of local and global pooling."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from core.architecture.layers import Shape, count_axes, slide

Reduction = Literal["max", "average"]


@dataclass(frozen=True)
class LocalPooling:
    """Max or average pooling. Windows overlap if `strides` is smaller than `pool_size`, its value if None.

    The average of a window at the border excludes the padding, as in Keras.
    """

    pool_size: int = 2
    strides: int | None = None
    padding: str = "valid"
    reduce: Reduction = "max"
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return f"{self.reduce.title()}Pooling{count_axes(shape, f'{self.reduce} pooling')}D"

    def output_shape(self, shape: Shape) -> Shape:
        label = f"{self.reduce} pooling with window {self.pool_size}"
        count_axes(shape, label)
        strides = self.strides or self.pool_size
        return (*(slide(side, self.pool_size, strides, self.padding, label) for side in shape[:-1]), shape[-1])

    def params(self, shape: Shape) -> tuple[int, int]:
        return (0, 0)

    def flops(self, shape: Shape) -> int:
        return int(prod(self.output_shape(shape)) * self.pool_size ** (len(shape) - 1))


@dataclass(frozen=True)
class GlobalPooling:
    """Global average or max pooling."""

    reduce: Reduction = "average"
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return f"Global{self.reduce.title()}Pooling{count_axes(shape, 'global pooling')}D"

    def output_shape(self, shape: Shape) -> Shape:
        count_axes(shape, "global pooling")
        return shape[-1:]

    def params(self, shape: Shape) -> tuple[int, int]:
        return (0, 0)

    def flops(self, shape: Shape) -> int:
        return prod(shape)
