"""Backbones: functions from a spec to the layers or graph before the head, pretrained or not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from core.architecture.graph import Items
from core.architecture.layers import Conv, Layer
from core.architecture.pooling import LocalPooling, Reduction
from core.spec import RunSpec

BackboneLayers = Callable[[RunSpec], Items]


@dataclass(frozen=True)
class PretrainedWeights:
    """File of Keras Applications with the ImageNet weights of a backbone, by layer name.

    Attributes:
        file: its name in the cache of Keras.
        origin: address of its folder.
        reversed_channels: whether the weights were trained on BGR images.
        remote_file: its name in the folder, if that is another one.
    """

    file: str
    origin: str
    reversed_channels: bool = False
    remote_file: str = ""

    @property
    def address(self) -> str:
        return self.origin + (self.remote_file or self.file)


@dataclass(frozen=True)
class Backbone:
    """Registry entry of a backbone; `weights` is None if it is initialized randomly."""

    name: str
    label: str
    summary: str
    uses: tuple[str, ...]
    layers: BackboneLayers
    order: int
    weights: PretrainedWeights | None


def backbone(
    *, label: str, order: int, uses: tuple[str, ...] = (), weights: PretrainedWeights | None = None
) -> Callable[[BackboneLayers], Backbone]:
    """Register a function as a backbone: its name becomes the backbone's name, its docstring the summary.

    Args:
        label: name in the UI.
        order: position in lists.
        uses: hyperparameters of RunSpec that the function reads; a pretrained backbone also uses `frozen` and
            `trained_stages`.
        weights: initial weights of a pretrained backbone; the names of its layers are those of the file.
    """

    def register(layers: BackboneLayers) -> Backbone:
        settings = (*uses, "frozen", "trained_stages") if weights else uses
        return Backbone(layers.__name__, label, (layers.__doc__ or "").strip(), settings, layers, order, weights)

    return register


POOLING = ("pooling", "pool_size", "pool_stride", "pool_padding")
"""Hyperparameters that `downsample` reads."""


def downsample(spec: RunSpec, filters: int) -> Layer:
    """Return the layer that makes the feature maps of a block smaller: pooling, or a convolution with a stride.

    The convolution has the window, stride and padding of the pooling that it replaces and keeps the number of filters
    (Springenberg et al. 2015, Striving for simplicity: the all convolutional net, section 2).
    """
    if spec.pooling == "convolution":
        strides = spec.pool_stride or spec.pool_size
        return Conv(filters, spec.pool_size, spec.pool_padding, strides=strides)
    return LocalPooling(spec.pool_size, spec.pool_stride, spec.pool_padding, cast(Reduction, spec.pooling))
