"""Receptive field: the inputs that one unit of a deep layer depends on, in closed form.

For layers l = 1 … L with effective kernel sizes kₗ, strides sₗ and zeros pₗ before the input, along each axis

    receptive field   r = 1 + Σₗ (kₗ − 1) · s₁ ⋯ sₗ₋₁
    jump              j = s₁ ⋯ s_L                        (distance in the input between neighbouring units)
    first input       a(u) = u · j − Σₗ pₗ · s₁ ⋯ sₗ₋₁    (of unit u; negative in the padding)

Source: Araujo, Norris & Sim 2019, Computing receptive fields of convolutional neural networks, Distill.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.architecture.layers import Layer
from core.architecture.spatial import ZeroPadding
from core.errors import SpecError
from core.lab.convolution import Padding, compute_output_size, effective_size, resolve_padding


@dataclass(frozen=True)
class SlidingLayer:
    """A convolution or pooling along one axis; `extra` are zeros that are added at the end before it."""

    name: str
    kernel: int
    stride: int = 1
    padding: Padding = "valid"
    dilation: int = 1
    extra: int = 0


@dataclass(frozen=True)
class Field:
    """Units of a layer along one axis, and what each of them depends on in the input.

    Attributes:
        name: name of the layer, or "input".
        size: number of units.
        width: receptive field of a unit, r.
        jump: distance in the input between neighbouring units, j.
        start: index of the first input of unit 0; negative in the padding.
        kernel, stride, before: of the layer; the window of unit u starts at unit u · stride − before of its input.
    """

    name: str
    size: int
    width: int
    jump: int
    start: int
    kernel: int = 1
    stride: int = 1
    before: int = 0

    def interval(self, unit: int) -> tuple[int, int]:
        """Return the indices of the first and last input that a unit depends on; outside the input in the padding."""
        first = unit * self.jump + self.start
        return first, first + self.width - 1


def trace_fields(layers: Iterable[SlidingLayer], size: int) -> list[Field]:
    """Return the input of `size` values and the output of each layer.

    >>> layers = [SlidingLayer("conv", 3), SlidingLayer("pool", 2, 2), SlidingLayer("conv", 3)]
    >>> [field.width for field in trace_fields(layers, 28)]
    [1, 3, 4, 8]

    Raises:
        SpecError: if a kernel is larger than the padded input of its layer.
    """
    fields = [Field("input", size, 1, 1, 0)]
    for layer in layers:
        last = fields[-1]
        covered = effective_size(layer.kernel, layer.dilation)
        pair = resolve_padding(layer.padding, last.size + layer.extra, layer.kernel, layer.stride, layer.dilation)
        try:
            units = compute_output_size(last.size + layer.extra, layer.kernel, pair, layer.stride, layer.dilation)
        except SpecError:
            raise SpecError(
                f"Expected at least {covered} values before {layer.name}; got {last.size}. "
                "Use a larger input or fewer layers."
            ) from None
        fields.append(
            Field(
                layer.name,
                units,
                last.width + (covered - 1) * last.jump,
                last.jump * layer.stride,
                last.start - pair[0] * last.jump,
                covered,
                layer.stride,
                pair[0],
            )
        )
    return fields


def trace_unit(fields: Sequence[Field], unit: int) -> list[tuple[int, int]]:
    """Return the first and last unit of each field, input first, that a unit of the last field depends on."""
    intervals = [(unit, unit)]
    for field in reversed(fields[1:]):
        first, last = intervals[0]
        start = first * field.stride - field.before
        intervals.insert(0, (start, last * field.stride - field.before + field.kernel - 1))
    return intervals


def list_sliding_layers(layers: Iterable[Layer]) -> list[SlidingLayer]:
    """Return the convolutions and poolings among the layers of a backbone."""
    found: list[SlidingLayer] = []
    extra = 0
    for layer in layers:
        if isinstance(layer, ZeroPadding):
            extra += layer.width
            continue
        kernel, window = getattr(layer, "kernel_size", None), getattr(layer, "pool_size", None)
        if size := kernel or window:
            stride = getattr(layer, "strides", None) or (1 if kernel else size)
            name = f"{'conv' if kernel else 'pool'} {size}×{size}" + (
                f", stride {stride}" if kernel and stride > 1 else ""
            )
            found.append(SlidingLayer(name, size, stride, getattr(layer, "padding", "valid"), extra=extra))
            extra = 0
    return found
