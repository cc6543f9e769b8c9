"""Layer records with their output shapes, parameters and FLOPs in closed form.

Shapes exclude the batch axis: (side, …, channels) before flattening, (features,) after. The rank of a convolution or
pooling is that of its input, so the same record describes 1D, 2D and 3D layers. A kernel size, stride or dilation is
one number for all axes or one number per axis. Other modules of this package have the records of poolings, merges,
normalizations, activations and layers that change the shape.
"""

from dataclasses import dataclass
from math import ceil, prod
from typing import Any, Protocol

from core.errors import SpecError, TooSmallError

Shape = tuple[int, ...]
AxisSizes = int | tuple[int, ...]


class Layer(Protocol):
    """A layer of a model. An empty `name` is replaced by the model with one derived from the type, as in Keras.

    Layers with several inputs (`core.architecture.merge`) accept one shape per input.
    """

    @property
    def name(self) -> str: ...

    def keras_type(self, shape: Shape) -> str:
        """Return the name of the Keras class for an input of `shape`."""

    def output_shape(self, shape: Shape) -> Shape:
        """Return the output shape. Raises SpecError if the input is too small."""

    def params(self, shape: Shape) -> tuple[int, int]:
        """Return the numbers of trainable and non-trainable parameters for an input of `shape`."""

    def flops(self, shape: Shape) -> int:
        """Return the FLOPs per image.

        A multiply and add of a kernel counts two, a bias one, each value in a pooling window one, a normalized value
        two (five if its mean and variance are computed), each addition or multiplication of two maps one per value, an
        activation zero.
        """


def slide(side: int, window: int, stride: int, padding: str, layer: str) -> int:
    """Return the number of positions of a window along an axis: ⌈n/s⌉ for same padding, ⌊(n − m)/s⌋ + 1 for valid.

    Source: Dumoulin & Visin 2016, A guide to convolution arithmetic, relationships 5 and 4.
    """
    if padding != "valid":
        return ceil(side / stride)
    if side < window:
        raise TooSmallError(f"Expected feature maps of at least {window} pixels per side before {layer}; got {side}.")
    return (side - window) // stride + 1


def count_axes(shape: Shape, layer: str) -> int:
    """Return the number of spatial axes. Raises SpecError for less than one or more than three."""
    if not 2 <= len(shape) <= 4:
        raise SpecError(f"Expected feature maps with 1 to 3 spatial axes before {layer}; got shape {shape}.")
    return len(shape) - 1


def spread(sizes: AxisSizes, rank: int) -> tuple[int, ...]:
    """Return one number per axis. Raises SpecError if there is another number of axes."""
    values = (sizes,) * rank if isinstance(sizes, int) else sizes
    if len(values) != rank:
        raise SpecError(f"Expected a layer for {rank} spatial axes; got sizes for {len(values)}.")
    return values


def format_sizes(sizes: AxisSizes) -> str:
    """
    >>> format_sizes(3), format_sizes((1, 7))
    ('3', '1×7')
    """
    return str(sizes) if isinstance(sizes, int) else "×".join(map(str, sizes))


class Plain:
    """Base class of layers without parameters and FLOPs."""

    def params(self, shape: Shape) -> tuple[int, int]:
        return (0, 0)

    def flops(self, shape: Shape) -> int:
        return 0


class SameShape(Plain):
    """Base class of layers without parameters and FLOPs whose output shape is the input shape."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape


@dataclass(frozen=True)
class Conv:
    """Convolution; its kernel is as large along each axis unless `kernel_size` has one number per axis."""

    filters: int
    kernel_size: AxisSizes = 3
    padding: str = "valid"
    activation: str = "relu"
    strides: AxisSizes = 1
    use_bias: bool = True
    name: str = ""
    dilation_rate: AxisSizes = 1
    groups: int = 1

    def keras_type(self, shape: Shape) -> str:
        return f"Conv{count_axes(shape, 'a convolution')}D"

    def output_shape(self, shape: Shape) -> Shape:
        label = f"a convolution with kernel {format_sizes(self.kernel_size)}"
        count_axes(shape, label)
        if shape[-1] % self.groups or self.filters % self.groups:
            raise SpecError(f"Expected channels and filters in {self.groups} groups; got shape {shape}.")
        return (*slide_all(shape, self, label), self.filters)

    def _window(self, shape: Shape) -> int:
        """Return m₁·m₂·c/g, the values that a filter covers."""
        return prod(spread(self.kernel_size, len(shape) - 1)) * (shape[-1] // self.groups)

    def params(self, shape: Shape) -> tuple[int, int]:
        """Return m₁·m₂·c/g·k + k: each of the k kernels covers the input channels of its group and has a bias."""
        return ((self._window(shape) + self.use_bias) * self.filters, 0)

    def flops(self, shape: Shape) -> int:
        return prod(self.output_shape(shape)) * (2 * self._window(shape) + self.use_bias)


def slide_all(shape: Shape, layer: Any, label: str) -> Shape:
    """Return the number of positions of a kernel along each spatial axis; it covers d·(m − 1) + 1 values with dilation
    d.

    Args:
        layer: a convolution of any kind.
    """
    sizes = (spread(value, len(shape) - 1) for value in (layer.kernel_size, layer.strides, layer.dilation_rate))
    axes = zip(shape[:-1], *sizes, strict=True)
    return tuple(slide(side, d * (m - 1) + 1, stride, layer.padding, label) for side, m, stride, d in axes)


@dataclass(frozen=True)
class DepthwiseConv:
    """Depthwise convolution (`depth_multiplier` kernels per channel) of images or signals."""

    kernel_size: AxisSizes = 3
    padding: str = "same"
    strides: AxisSizes = 1
    use_bias: bool = False
    name: str = ""
    dilation_rate: AxisSizes = 1
    depth_multiplier: int = 1
    activation: str = "linear"

    def keras_type(self, shape: Shape) -> str:
        rank = count_axes(shape, "a depthwise convolution")
        if rank > 2:
            raise SpecError(f"Expected 1 or 2 spatial axes before a depthwise convolution; got shape {shape}.")
        return f"DepthwiseConv{rank}D"

    def output_shape(self, shape: Shape) -> Shape:
        label = f"a depthwise convolution with kernel {format_sizes(self.kernel_size)}"
        count_axes(shape, label)
        return (*slide_all(shape, self, label), shape[-1] * self.depth_multiplier)

    def params(self, shape: Shape) -> tuple[int, int]:
        window = prod(spread(self.kernel_size, len(shape) - 1))
        return ((window + self.use_bias) * shape[-1] * self.depth_multiplier, 0)

    def flops(self, shape: Shape) -> int:
        window = prod(spread(self.kernel_size, len(shape) - 1))
        return prod(self.output_shape(shape)) * (2 * window + self.use_bias)


@dataclass(frozen=True)
class Flatten(Plain):
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (prod(shape),)


@dataclass(frozen=True)
class Dense:
    """Fully connected layer along the last axis; of feature maps, the same at every position."""

    units: int
    activation: str = "linear"
    name: str = ""
    use_bias: bool = True

    def keras_type(self, shape: Shape) -> str:
        return "Dense"

    def output_shape(self, shape: Shape) -> Shape:
        if not shape:
            raise SpecError("Expected an input with features before a Dense layer; got a single number.")
        return (*shape[:-1], self.units)

    def params(self, shape: Shape) -> tuple[int, int]:
        return ((shape[-1] + self.use_bias) * self.units, 0)

    def flops(self, shape: Shape) -> int:
        return prod(self.output_shape(shape)) * (2 * shape[-1] + self.use_bias)


@dataclass(frozen=True)
class Dropout(SameShape):
    """Dropout of single values, or of whole images (stochastic depth) with `noise_shape` (None, 1, 1, 1)."""

    rate: float
    name: str = ""
    noise_shape: tuple[int | None, ...] | None = None

    def keras_type(self, shape: Shape) -> str:
        return "Dropout"


@dataclass(frozen=True)
class Softmax(SameShape):
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Softmax"


@dataclass(frozen=True)
class Sigmoid(SameShape):
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Activation"


@dataclass(frozen=True)
class Identity(SameShape):
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Identity"


@dataclass(frozen=True)
class ReLU(SameShape):
    """ReLU with a maximum: max(0, min(x, max_value)), and optionally a slope for negative inputs."""

    max_value: float | None = None
    name: str = ""
    negative_slope: float = 0.0

    def keras_type(self, shape: Shape) -> str:
        return "ReLU"


@dataclass(frozen=True)
class Rescaling(SameShape):
    """Preprocessing of a pretrained backbone: x · scale + offset with one number for all or one per channel."""

    scale: float | tuple[float, ...]
    offset: float | tuple[float, ...] = 0.0
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Rescaling"

    def output_shape(self, shape: Shape) -> Shape:
        for value in (self.scale, self.offset):
            if isinstance(value, tuple) and len(value) != shape[-1]:
                raise SpecError(f"Expected images with {len(value)} channel(s); got {shape[-1]}.")
        return shape

    def flops(self, shape: Shape) -> int:
        return 2 * prod(shape)


@dataclass(frozen=True)
class BatchNormalization(SameShape):
    """Batch normalization: scale and shift are trainable, moving mean and variance are not."""

    name: str = ""
    epsilon: float = 1e-3
    momentum: float = 0.99
    center: bool = True
    scale: bool = True

    def keras_type(self, shape: Shape) -> str:
        return "BatchNormalization"

    def params(self, shape: Shape) -> tuple[int, int]:
        return ((self.center + self.scale) * shape[-1], 2 * shape[-1])

    def flops(self, shape: Shape) -> int:
        return 2 * prod(shape)
