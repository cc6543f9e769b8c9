"""Layer records with their output shapes, parameters and FLOPs in closed form.

Shapes exclude the batch axis: (side, …, channels) before flattening, (features,) after. The rank of a convolution or
pooling is that of its input, so the same record describes 1D, 2D and 3D layers. `core.architecture.pooling` has the
pooling layers.
"""

from dataclasses import dataclass
from math import ceil, prod
from typing import Literal, Protocol

from core.errors import SpecError

Shape = tuple[int, ...]
Activation = Literal["linear", "relu", "softmax", "sigmoid"]


class Layer(Protocol):
    """A layer of a model. An empty `name` is replaced by the model with one derived from the type, as in Keras."""

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
        two, an activation zero.
        """


def slide(side: int, window: int, stride: int, padding: str, layer: str) -> int:
    """Return the number of positions of a window along an axis: ⌈n/s⌉ for same padding, ⌊(n − m)/s⌋ + 1 for valid.

    Source: Dumoulin & Visin 2016, A guide to convolution arithmetic, relationships 5 and 4.
    """
    if padding == "same":
        return ceil(side / stride)
    if side < window:
        raise SpecError(f"Expected feature maps of at least {window} pixels per side before {layer}; got {side}.")
    return (side - window) // stride + 1


def count_axes(shape: Shape, layer: str) -> int:
    """Return the number of spatial axes. Raises SpecError for less than one or more than three."""
    if not 2 <= len(shape) <= 4:
        raise SpecError(f"Expected feature maps with 1 to 3 spatial axes before {layer}; got shape {shape}.")
    return len(shape) - 1


@dataclass(frozen=True)
class Conv:
    """Convolution with a kernel of equal size along each axis."""

    filters: int
    kernel_size: int = 3
    padding: str = "valid"
    activation: Activation = "relu"
    strides: int = 1
    use_bias: bool = True
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return f"Conv{count_axes(shape, 'a convolution')}D"

    def output_shape(self, shape: Shape) -> Shape:
        label = f"a convolution with kernel {self.kernel_size}"
        count_axes(shape, label)
        sides = (slide(side, self.kernel_size, self.strides, self.padding, label) for side in shape[:-1])
        return (*sides, self.filters)

    def params(self, shape: Shape) -> tuple[int, int]:
        """Return m₁·m₂·c·k + k: each of the k kernels covers all c input channels and has a bias."""
        return ((self.kernel_size ** (len(shape) - 1) * shape[-1] + self.use_bias) * self.filters, 0)

    def flops(self, shape: Shape) -> int:
        window = self.kernel_size ** (len(shape) - 1) * shape[-1]
        return prod(self.output_shape(shape)) * (2 * window + self.use_bias)


@dataclass(frozen=True)
class DepthwiseConv:
    """Depthwise convolution (one kernel per channel) of images or signals."""

    kernel_size: int = 3
    padding: str = "same"
    strides: int = 1
    use_bias: bool = False
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        rank = count_axes(shape, "a depthwise convolution")
        if rank > 2:
            raise SpecError(f"Expected 1 or 2 spatial axes before a depthwise convolution; got shape {shape}.")
        return f"DepthwiseConv{rank}D"

    def output_shape(self, shape: Shape) -> Shape:
        label = f"a depthwise convolution with kernel {self.kernel_size}"
        count_axes(shape, label)
        sides = (slide(side, self.kernel_size, self.strides, self.padding, label) for side in shape[:-1])
        return (*sides, shape[-1])

    def params(self, shape: Shape) -> tuple[int, int]:
        return ((self.kernel_size ** (len(shape) - 1) + self.use_bias) * shape[-1], 0)

    def flops(self, shape: Shape) -> int:
        return prod(self.output_shape(shape)) * (2 * self.kernel_size ** (len(shape) - 1) + self.use_bias)


@dataclass(frozen=True)
class ZeroPadding:
    """Zero padding at the end of each spatial axis, as in MobileNet before a stride of 2."""

    width: int = 1
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return f"ZeroPadding{count_axes(shape, 'zero padding')}D"

    def output_shape(self, shape: Shape) -> Shape:
        count_axes(shape, "zero padding")
        return (*(side + self.width for side in shape[:-1]), shape[-1])

    def params(self, shape: Shape) -> tuple[int, int]:
        return (0, 0)

    def flops(self, shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class Flatten:
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (prod(shape),)

    def params(self, shape: Shape) -> tuple[int, int]:
        return (0, 0)

    def flops(self, shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class Dense:
    units: int
    activation: Activation = "linear"
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Dense"

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise SpecError(f"Expected a flat input before a Dense layer; got shape {shape}.")
        return (self.units,)

    def params(self, shape: Shape) -> tuple[int, int]:
        return (shape[0] * self.units + self.units, 0)

    def flops(self, shape: Shape) -> int:
        return self.units * (2 * shape[0] + 1)


class _SameShape:
    """Base class of layers without parameters whose output shape is the input shape."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def params(self, shape: Shape) -> tuple[int, int]:
        return (0, 0)

    def flops(self, shape: Shape) -> int:
        return 0


@dataclass(frozen=True)
class Dropout(_SameShape):
    rate: float
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Dropout"


@dataclass(frozen=True)
class Softmax(_SameShape):
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Softmax"


@dataclass(frozen=True)
class Sigmoid(_SameShape):
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Activation"


@dataclass(frozen=True)
class Identity(_SameShape):
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Identity"


@dataclass(frozen=True)
class ReLU(_SameShape):
    """ReLU with a maximum: max(0, min(x, max_value))."""

    max_value: float
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "ReLU"


@dataclass(frozen=True)
class Rescaling(_SameShape):
    """Preprocessing of a pretrained backbone: x · scale + offset with one offset per channel; inputs are in [0, 1]."""

    scale: float
    offset: tuple[float, ...]
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Rescaling"

    def flops(self, shape: Shape) -> int:
        return 2 * prod(shape)


@dataclass(frozen=True)
class BatchNormalization(_SameShape):
    """Batch normalization: scale and shift are trainable, moving mean and variance are not."""

    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "BatchNormalization"

    def params(self, shape: Shape) -> tuple[int, int]:
        return (2 * shape[-1], 2 * shape[-1])

    def flops(self, shape: Shape) -> int:
        return 2 * prod(shape)
