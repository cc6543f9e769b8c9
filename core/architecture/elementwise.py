"""Layer records that keep the shape: activations, normalizations, scales, and layers that act in training only."""

from dataclasses import dataclass
from math import prod

from core.architecture.layers import SameShape, Shape
from core.errors import SpecError


@dataclass(frozen=True)
class Activation(SameShape):
    """An activation of Keras by its name, such as hard_swish or gelu."""

    activation: str
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Activation"


@dataclass(frozen=True)
class ActivationLayer(SameShape):
    """An activation with its own layer class and one number: LeakyReLU (`negative_slope`) or ELU (`alpha`)."""

    kind: str
    value: float
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return self.kind


@dataclass(frozen=True)
class PReLU(SameShape):
    """ReLU with a trained slope for negative inputs per value, or one for all values along `shared_axes` (from 1)."""

    shared_axes: tuple[int, ...] = ()
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "PReLU"

    def params(self, shape: Shape) -> tuple[int, int]:
        return (prod(side for axis, side in enumerate(shape, 1) if axis not in self.shared_axes), 0)


@dataclass(frozen=True)
class LayerNormalization(SameShape):
    """Normalization of each position over its channels, with trained scale and shift."""

    epsilon: float = 1e-3
    name: str = ""
    center: bool = True
    scale: bool = True

    def keras_type(self, shape: Shape) -> str:
        return "LayerNormalization"

    def params(self, shape: Shape) -> tuple[int, int]:
        return ((self.center + self.scale) * shape[-1], 0)

    def flops(self, shape: Shape) -> int:
        """Return five per value: sum, sum of squares (two), scale and shift."""
        return 5 * prod(shape)


@dataclass(frozen=True)
class GroupNormalization(LayerNormalization):
    """Normalization of each image over groups of channels, with trained scale and shift per channel."""

    groups: int = 32

    def keras_type(self, shape: Shape) -> str:
        return "GroupNormalization"

    def output_shape(self, shape: Shape) -> Shape:
        if self.groups != -1 and shape[-1] % self.groups:
            raise SpecError(f"Expected channels in {self.groups} groups; got shape {shape}.")
        return shape


@dataclass(frozen=True)
class Normalization(SameShape):
    """Preprocessing with one mean and variance per channel: constants, or weights that a file contains.

    Weights are mean, variance and a count, none of them trained.
    """

    mean: tuple[float, ...] | None = None
    variance: tuple[float, ...] | None = None
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "Normalization"

    def params(self, shape: Shape) -> tuple[int, int]:
        return (0, 2 * shape[-1] + 1 if self.mean is None else 0)

    def flops(self, shape: Shape) -> int:
        return 2 * prod(shape)


@dataclass(frozen=True)
class LayerScale(SameShape):
    """A trained factor per channel (Touvron et al. 2021, Going deeper with image transformers, section 2)."""

    init_values: float
    projection_dim: int
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return "LayerScale"

    def output_shape(self, shape: Shape) -> Shape:
        if shape[-1] != self.projection_dim:
            raise SpecError(f"Expected {self.projection_dim} channels before LayerScale; got shape {shape}.")
        return shape

    def params(self, shape: Shape) -> tuple[int, int]:
        return (self.projection_dim, 0)

    def flops(self, shape: Shape) -> int:
        return prod(shape)


@dataclass(frozen=True)
class TrainingOnly(SameShape):
    """A layer of class `kind` without weights that changes its input in training only, or not at all: noise, stochastic
    depth, random augmentation."""

    kind: str
    name: str = ""

    def keras_type(self, shape: Shape) -> str:
        return self.kind
