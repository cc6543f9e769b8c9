"""Discrete convolution and cross-correlation of any rank, implemented from the definition.

For an input x padded with p zeros and a kernel w of size m, the output along each axis is

    convolution          y[i] = Σₖ xᵖ[i·s + k·d] · w[m − 1 − k]      (the kernel is flipped)
    cross-correlation    y[i] = Σₖ xᵖ[i·s + k·d] · w[k]              (called convolution in frameworks)

with stride s and dilation d (Dumoulin & Visin 2016, A guide to convolution arithmetic).
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import SpecError

Values = NDArray[np.float64]
Padding = Literal["full", "same", "valid"]
PADDINGS: tuple[Padding, ...] = ("full", "same", "valid")
PerAxis = int | tuple[int, ...]
"""A number for every axis, or one number per axis."""


def repeat_axes(value: PerAxis, rank: int) -> tuple[int, ...]:
    """Return one number per axis.

    Raises:
        SpecError: if there are fewer or more numbers than axes.
    """
    numbers = (value,) * rank if isinstance(value, int) else value
    if len(numbers) != rank:
        raise SpecError(f"Expected {rank} numbers, one per axis; got {len(numbers)}.")
    return numbers


def effective_size(kernel: int, dilation: int) -> int:
    """Return the number of positions covered by a kernel of size m with dilation d: d·(m − 1) + 1."""
    return dilation * (kernel - 1) + 1


def resolve_padding(
    padding: Padding | int, size: int, kernel: int, stride: int = 1, dilation: int = 1
) -> tuple[int, int]:
    """Return the numbers of zeros before and after an axis of n values.

    full: m − 1 on both sides, so that every overlap is included. same: as many as needed for ⌈n/s⌉ outputs, as in
    Keras; an odd zero is added at the end. valid: no padding.

    >>> resolve_padding("same", size=8, kernel=5)
    (2, 2)
    """
    covered = effective_size(kernel, dilation)
    if padding == "full":
        return covered - 1, covered - 1
    if padding == "valid":
        return 0, 0
    if padding == "same":
        total = max((-(-size // stride) - 1) * stride + covered - size, 0)
        return total // 2, total - total // 2
    return padding, padding


def compute_output_size(size: int, kernel: int, padding: tuple[int, int], stride: int = 1, dilation: int = 1) -> int:
    """Return the output size ⌊(n + p₁ + p₂ − m)/s⌋ + 1, where m is the effective size of the kernel.

    >>> compute_output_size(10, 5, (2, 2)), compute_output_size(10, 3, (2, 2), stride=2)
    (10, 6)

    Raises:
        SpecError: if the kernel is larger than the padded input.
    """
    covered, padded = effective_size(kernel, dilation), size + sum(padding)
    if covered > padded:
        raise SpecError(
            f"Expected a kernel that covers at most {padded} values (the padded input); got {covered}. "
            "Use more padding, a smaller kernel or less dilation."
        )
    return (padded - covered) // stride + 1


@dataclass(frozen=True)
class Convolution:
    """Convolution or cross-correlation of an input with a kernel.

    Attributes:
        x, kernel: float64 arrays of the same rank.
        padding: numbers of zeros (before, after) for each axis.
        stride, dilation: one number per axis.
        flip: True for a convolution, False for a cross-correlation.
    """

    x: Values
    kernel: Values
    padding: tuple[tuple[int, int], ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    flip: bool = True

    @classmethod
    def of(
        cls,
        x: Values,
        kernel: Values,
        padding: Padding | PerAxis,
        stride: PerAxis = 1,
        dilation: PerAxis = 1,
        flip: bool = True,
    ) -> "Convolution":
        """Create a convolution. Padding is one mode for all axes, or a number of zeros on both sides of each axis.

        Raises:
            SpecError: if the ranks differ, or the kernel is larger than the padded input.
        """
        if x.ndim != kernel.ndim:
            raise SpecError(f"Expected a kernel with {x.ndim} axes; got {kernel.ndim}.")
        modes = (padding,) * x.ndim if isinstance(padding, str) else repeat_axes(padding, x.ndim)
        strides, dilations = repeat_axes(stride, x.ndim), repeat_axes(dilation, x.ndim)
        axes = list(zip(x.shape, kernel.shape, strides, dilations, strict=True))
        sides = tuple(resolve_padding(mode, *axis) for mode, axis in zip(modes, axes, strict=True))
        for pair, (n, m, s, d) in zip(sides, axes, strict=True):
            compute_output_size(n, m, pair, s, d)
        return cls(x, kernel, sides, strides, dilations, flip)

    @property
    def axes(self) -> list[tuple[int, int, tuple[int, int], int, int]]:
        """Size, kernel size, padding, stride and dilation of each axis."""
        return [*zip(self.x.shape, self.kernel.shape, self.padding, self.stride, self.dilation, strict=True)]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output."""
        return tuple(compute_output_size(*axis) for axis in self.axes)

    @cached_property
    def padded(self) -> Values:
        """The zero-padded input."""
        return np.pad(self.x, self.padding)

    @cached_property
    def applied(self) -> Values:
        """The kernel as applied to the input: flipped along every axis for a convolution."""
        return np.flip(self.kernel) if self.flip else self.kernel

    @cached_property
    def output(self) -> Values:
        """The output: a sum over the weights of the kernel, vectorized over the positions."""
        y = np.zeros(self.shape)
        for k in np.ndindex(self.applied.shape):
            window = tuple(
                slice(index * d, index * d + (o - 1) * s + 1, s)
                for index, o, s, d in zip(k, self.shape, self.stride, self.dilation, strict=True)
            )
            y += self.applied[k] * self.padded[window]
        return y

    @property
    def steps(self) -> int:
        return int(np.prod(self.shape))

    def position(self, step: int) -> tuple[int, ...]:
        """Return the index of the output value of a step; steps are counted from 0 in row-major order."""
        return tuple(int(index) for index in np.unravel_index(step, self.shape))

    def window(self, step: int) -> list[tuple[int, ...]]:
        """Return the indices of the padded input under the kernel in a step, one per weight."""
        starts = [index * s for index, s in zip(self.position(step), self.stride, strict=True)]
        axes = (
            [start + k * d for k in range(m)]
            for start, m, d in zip(starts, self.applied.shape, self.dilation, strict=True)
        )
        return list(product(*axes))

    def products(self, step: int) -> list[tuple[float, float]]:
        """Return the pairs of input value and weight whose products sum to the output of a step."""
        values = (float(self.padded[index]) for index in self.window(step))
        return list(zip(values, self.applied.ravel().tolist(), strict=True))
