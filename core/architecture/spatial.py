"""Layer records that change the shape of feature maps: padding, cropping, upsampling, reshaping; and the separable and
the transposed convolution.
"""

from dataclasses import dataclass
from math import prod

from core.architecture.layers import AxisSizes, Plain, Shape, count_axes, format_sizes, slide_all, spread
from core.errors import SpecError

Pairs = tuple[tuple[int, int], ...]
"""Numbers before and after each spatial axis."""


def _repeat(pairs: int | Pairs, shape: Shape, label: str) -> Pairs:
    rank = count_axes(shape, label)
    found = ((pairs, pairs),) * rank if isinstance(pairs, int) else pairs
    if len(found) != rank:
        raise SpecError(f"Expected {label} for {rank} spatial axes; got {len(found)}.")
    return found


@dataclass(frozen=True)
class ZeroPadding(Plain):
    """Zero padding: `width` zeros at the end of each spatial axis, as in MobileNet before a stride of 2, or pairs of
    zeros before and after each axis."""

    width: int | Pairs = 1
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return f"ZeroPadding{count_axes(shape, 'zero padding')}D"

    def pairs(self, shape: Shape) -> Pairs:
        """Return the zeros before and after each axis of an input."""
        width = ((0, self.width),) * (len(shape) - 1) if isinstance(self.width, int) else self.width
        return _repeat(width, shape, "zero padding")

    def output_shape(self, shape: Shape) -> Shape:
        return (*(side + sum(pair) for side, pair in zip(shape, self.pairs(shape), strict=False)), shape[-1])


@dataclass(frozen=True)
class StridePadding(ZeroPadding):
    """Zero padding before a convolution with stride 2 and no padding, so that it keeps the centers of an odd side.

    An axis gets ⌊m/2⌋ zeros on both sides for a kernel of size m, one fewer before an even side, as `correct_pad` in
    keras/src/applications/imagenet_utils.py.
    """

    kernel_size: int = 3

    def pairs(self, shape: Shape) -> Pairs:
        count_axes(shape, "zero padding")
        half = self.kernel_size // 2
        return tuple((half - (1 - side % 2), half) for side in shape[:-1])


@dataclass(frozen=True)
class Cropping(Plain):
    """Removes values before and after each spatial axis."""

    cropping: int | Pairs = 1
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return f"Cropping{count_axes(shape, 'cropping')}D"

    def pairs(self, shape: Shape) -> Pairs:
        """Return the number of values that are removed before and after each axis of an input."""
        return _repeat(self.cropping, shape, "cropping")

    def output_shape(self, shape: Shape) -> Shape:
        sides = [side - sum(pair) for side, pair in zip(shape, self.pairs(shape), strict=False)]
        if min(sides) < 1:
            raise SpecError(f"Expected feature maps larger than the cropping {self.pairs(shape)}; got shape {shape}.")
        return (*sides, shape[-1])


@dataclass(frozen=True)
class UpSampling(Plain):
    """Repeats or interpolates values, so that each side grows by the factor `size`."""

    size: AxisSizes = 2
    interpolation: str = "nearest"
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return f"UpSampling{count_axes(shape, 'upsampling')}D"

    def output_shape(self, shape: Shape) -> Shape:
        rank = count_axes(shape, "upsampling")
        return (*(side * size for side, size in zip(shape, spread(self.size, rank), strict=False)), shape[-1])


@dataclass(frozen=True)
class Resizing(Plain):
    """Resizes images; one interpolated value counts no FLOPs."""

    height: int
    width: int
    name: str = ""
    interpolation: str = "bilinear"

    def keras_type(self, shape: Shape) -> str:
        return "Resizing"

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 3:
            raise SpecError(f"Expected images before a Resizing layer; got shape {shape}.")
        return (self.height, self.width, shape[-1])


@dataclass(frozen=True)
class Reshape(Plain):
    """Another shape for the same values; one size may be −1."""

    target_shape: Shape
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Reshape"

    def output_shape(self, shape: Shape) -> Shape:
        known, count = prod(size for size in self.target_shape if size != -1), prod(shape)
        open_sizes = self.target_shape.count(-1)
        if open_sizes > 1 or not known or (count % known if open_sizes else count != known):
            raise SpecError(f"Expected a shape for {count} values; got {self.target_shape}.")
        return tuple(count // known if size == -1 else size for size in self.target_shape)


@dataclass(frozen=True)
class Permute(Plain):
    """Another order of the axes, counted from 1."""

    dims: tuple[int, ...]
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Permute"

    def output_shape(self, shape: Shape) -> Shape:
        if sorted(self.dims) != [*range(1, len(shape) + 1)]:
            raise SpecError(f"Expected an order of {len(shape)} axes; got {self.dims}.")
        return tuple(shape[axis - 1] for axis in self.dims)


@dataclass(frozen=True)
class RepeatVector(Plain):
    """Repeats a vector n times."""

    n: int
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "RepeatVector"

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise SpecError(f"Expected a vector before RepeatVector; got shape {shape}.")
        return (self.n, *shape)


@dataclass(frozen=True)
class SeparableConv:
    """Depthwise convolution followed by a 1×1 convolution to `filters` channels."""

    filters: int
    kernel_size: AxisSizes = 3
    padding: str = "valid"
    strides: AxisSizes = 1
    use_bias: bool = True
    name: str = ""
    activation: str = "linear"
    dilation_rate: AxisSizes = 1
    depth_multiplier: int = 1

    def keras_type(self, shape: Shape) -> str:
        rank = count_axes(shape, "a separable convolution")
        if rank > 2:
            raise SpecError(f"Expected 1 or 2 spatial axes before a separable convolution; got shape {shape}.")
        return f"SeparableConv{rank}D"

    def output_shape(self, shape: Shape) -> Shape:
        label = f"a separable convolution with kernel {format_sizes(self.kernel_size)}"
        count_axes(shape, label)
        return (*slide_all(shape, self, label), self.filters)

    def _window(self, shape: Shape) -> int:
        return prod(spread(self.kernel_size, len(shape) - 1))

    def params(self, shape: Shape) -> tuple[int, int]:
        between = shape[-1] * self.depth_multiplier
        return (self._window(shape) * between + (between + self.use_bias) * self.filters, 0)

    def flops(self, shape: Shape) -> int:
        positions, between = prod(self.output_shape(shape)[:-1]), shape[-1] * self.depth_multiplier
        return positions * (2 * self._window(shape) * between + self.filters * (2 * between + self.use_bias))


@dataclass(frozen=True)
class ConvTranspose:
    """Transposed convolution: each input value adds a scaled kernel to the output."""

    filters: int
    kernel_size: AxisSizes = 3
    padding: str = "valid"
    strides: AxisSizes = 1
    use_bias: bool = True
    name: str = ""
    activation: str = "linear"
    output_padding: AxisSizes | None = None

    def keras_type(self, shape: Shape) -> str:
        return f"Conv{count_axes(shape, 'a transposed convolution')}DTranspose"

    def output_shape(self, shape: Shape) -> Shape:
        """Return the output shape (`compute_conv_transpose_output_shape` of Keras)."""
        rank = count_axes(shape, "a transposed convolution")
        extra = None if self.output_padding is None else spread(self.output_padding, rank)
        sides = []
        for axis, (m, s) in enumerate(zip(spread(self.kernel_size, rank), spread(self.strides, rank), strict=True)):
            side = shape[axis]
            if extra is not None:
                side = (side - 1) * s + m - (2 * (m // 2) if self.padding == "same" else 0) + extra[axis]
            else:
                side = side * s + (max(m - s, 0) if self.padding == "valid" else 0)
            sides.append(side)
        return (*sides, self.filters)

    def _window(self, shape: Shape) -> int:
        return prod(spread(self.kernel_size, len(shape) - 1)) * shape[-1]

    def params(self, shape: Shape) -> tuple[int, int]:
        return ((self._window(shape) + self.use_bias) * self.filters, 0)

    def flops(self, shape: Shape) -> int:
        products = 2 * prod(shape[:-1]) * self._window(shape) * self.filters
        return products + self.use_bias * prod(self.output_shape(shape))
