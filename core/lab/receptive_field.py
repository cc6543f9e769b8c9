"""Receptive field: the inputs that one unit of a deep layer depends on, in closed form.

For layers l = 1 … L with effective kernel sizes kₗ, strides sₗ and zeros pₗ before the input, along each axis

    receptive field   r = 1 + Σₗ (kₗ − 1) · s₁ ⋯ sₗ₋₁
    jump              j = s₁ ⋯ s_L                        (distance in the input between neighboring units)
    first input       a(u) = u · j − Σₗ pₗ · s₁ ⋯ sₗ₋₁    (of unit u; negative in the padding)

Source: Araujo, Norris & Sim 2019, Computing receptive fields of convolutional neural networks, Distill.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.architecture.graph import INPUT, Items, LayerWalk
from core.architecture.layers import AxisSizes, Layer, Shape
from core.architecture.spatial import ZeroPadding
from core.errors import SpecError
from core.lab.convolution import Padding, compute_output_size, effective_size, resolve_padding


@dataclass(frozen=True)
class SlidingLayer:
    """A convolution or pooling along one axis; before it, `ahead` and `extra` zeros are added at start and end."""

    name: str
    kernel: int
    stride: int = 1
    padding: Padding = "valid"
    dilation: int = 1
    extra: int = 0
    ahead: int = 0


@dataclass(frozen=True)
class Field:
    """Units of a layer along one axis, and what each of them depends on in the input.

    Attributes:
        name: name of the layer, or "input".
        size: number of units.
        width: receptive field of a unit, r.
        jump: distance in the input between neighboring units, j.
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
        size = last.size + layer.extra + layer.ahead
        pair = resolve_padding(layer.padding, size, layer.kernel, layer.stride, layer.dilation)
        before = pair[0] + layer.ahead
        try:
            units = compute_output_size(size, layer.kernel, pair, layer.stride, layer.dilation)
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
                last.start - before * last.jump,
                covered,
                layer.stride,
                before,
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


def list_sliding_layers(items: Items, shape: Shape) -> list[SlidingLayer]:
    """Return the convolutions and poolings of a backbone along its first axis.

    Of a graph, these are the layers along the path with the largest receptive field.

    Args:
        shape: of the input of the backbone.
    """
    walk = LayerWalk({INPUT: shape})
    paths = {INPUT: _Path()}
    for item in items:
        walk.add(item, "backbone")
        row = walk.rows[-1]
        widest = max((paths[name] for name in row.inputs), key=lambda path: path.reach)
        paths[row.name] = widest.add(walk.layers[-1], walk.shapes[row.inputs[0]])
    return [*paths[walk.rows[-1].name].layers]


@dataclass(frozen=True)
class _Path:
    """Layers from the input; `padding` are zeros that the next layer finds at start and end."""

    layers: tuple[SlidingLayer, ...] = ()
    padding: tuple[int, int] = (0, 0)
    reach: int = 1
    jump: int = 1

    def add(self, layer: Layer, shape: Shape) -> "_Path":
        if isinstance(layer, ZeroPadding):
            pair = layer.pairs(shape)[0]
            return replace(self, padding=(self.padding[0] + pair[0], self.padding[1] + pair[1]))
        kernel, window = (_first(getattr(layer, name, None)) for name in ("kernel_size", "pool_size"))
        size = kernel or window
        if not size:
            return self
        stride = _first(getattr(layer, "strides", None)) or (1 if kernel else size)
        dilation = _first(getattr(layer, "dilation_rate", None)) or 1
        name = f"{'conv' if kernel else 'pool'} {size}×{size}" + (f", stride {stride}" if kernel and stride > 1 else "")
        padding: Padding = getattr(layer, "padding", "valid")
        found = SlidingLayer(name, size, stride, padding, dilation, self.padding[1], self.padding[0])
        reach = self.reach + (effective_size(size, dilation) - 1) * self.jump
        return _Path((*self.layers, found), (0, 0), reach, self.jump * stride)


def _first(sizes: AxisSizes | None) -> int | None:
    """Return the size along the first axis."""
    return sizes if isinstance(sizes, int | None) else sizes[0]
