"""The third reader of an architecture: what in the last feature maps speaks for each class, in closed form.

A head is a pooling of maps A of shape (height, width, channels) to a vector p, then Dense layers. Where that is an
average and at most one Dense layer, the class activation map is exact: M(class) = Σₖ W(k, class) · Aₖ, and its mean
plus the bias is the logit of the class (Zhou et al. 2016, Learning deep features for discriminative localization,
section 2). For the others it is Grad-CAM: ReLU(Σₖ αₖ · Aₖ), where αₖ is the gradient of the class's logit by Aₖ,
averaged over the positions (Selvaraju et al. 2017, Grad-CAM, equations 1 and 2). Behind an average or a maximum that
mean is ∂logit/∂pₖ ÷ positions, behind Flatten the mean over the positions of channel k, so the weights say it all.

A model with one logit z, that of the second class, has the logits −z and z.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.architecture.layers import Dense, Dropout, Flatten, GlobalPooling, Sigmoid, Softmax
from core.architecture.model import Model
from core.errors import SpecError

Values = NDArray[np.float32]
Pooling = Literal["average", "max", "flatten"]


@dataclass(frozen=True)
class MapWeights:
    """Of a Dense layer: `kernel` of shape (inputs, units), `bias` of shape (units,)."""

    kernel: Values
    bias: Values


@dataclass(frozen=True)
class MapPlan:
    """What a head does with the last feature maps, of shape `maps` = (height, width, channels), before any weights.

    `rectified` says of each Dense layer whether a ReLU follows.
    """

    maps: tuple[int, int, int]
    pooling: Pooling
    rectified: tuple[bool, ...]

    @property
    def exact(self) -> bool:
        """Whether the mean of a class's map plus its bias is its logit."""
        return self.pooling == "average" and self.rectified in ((), (False,))


def plan_maps(model: Model) -> MapPlan:
    """Reads the layers behind the last feature maps.

    Raises:
        SpecError: when there is one that the closed form does not know.
    """
    names = [row.name for row in model.rows]
    last = names.index(model.maps_layer)
    pooling: Pooling | None = None
    rectified: list[bool] = []
    for layer in model.layers[last + 1 :]:
        if pooling is None and isinstance(layer, Flatten):
            pooling = "flatten"
        elif pooling is None and isinstance(layer, GlobalPooling):
            pooling = layer.reduce
        elif pooling and isinstance(layer, Dense) and layer.activation in ("linear", "relu"):
            rectified.append(layer.activation == "relu")
        elif not isinstance(layer, Dropout | Softmax | Sigmoid):
            raise SpecError(
                f"Expected a head of pooling and Dense layers to tell what it looks at; got a {type(layer).__name__}."
            )
    shape = model.rows[last].output_shape
    if pooling is None or len(shape) != 3:
        raise SpecError(f"Expected a head that pools or flattens maps of images; got maps of shape {shape}.")
    return MapPlan((shape[0], shape[1], shape[2]), pooling, tuple(rectified))


@dataclass(frozen=True)
class MapHead:
    """A plan with its weights, one a Dense layer.

    Raises:
        SpecError: when the weights do not fit the plan.
    """

    plan: MapPlan
    weights: tuple[MapWeights, ...]

    def __post_init__(self) -> None:
        width = prod(self.plan.maps) if self.plan.pooling == "flatten" else self.plan.maps[-1]
        layers = len(self.plan.rectified)
        fits = len(self.weights) == layers
        for each in self.weights:
            fits = fits and each.kernel.shape == (width, *each.bias.shape)
            width = each.kernel.shape[1]
        if not fits:
            shapes = [each.kernel.shape for each in self.weights]
            raise SpecError(f"Expected weights of {layers} Dense layers for maps of {self.plan.maps}; got {shapes}.")

    @cached_property
    def bias(self) -> Values:
        """What the exact map leaves out, a number a class; 0 where the map says it all."""
        if self.weights and self.plan.exact:
            return _both(self.weights[-1].bias)
        return np.zeros(self.classes, np.float32)

    @property
    def classes(self) -> int:
        units = self.weights[-1].kernel.shape[1] if self.weights else self.plan.maps[-1]
        return max(2, units)

    @property
    def flops(self) -> int:
        """Floating-point operations for the maps of one image, those of its logits left out: a multiply and add for
        each class, channel and position, and for Grad-CAM as many for each class and weight behind the pooling."""
        sizes = [prod(each.kernel.shape) for each in self.weights]
        if sizes and self.plan.pooling == "flatten":
            sizes[0] //= prod(self.plan.maps[:2])
        return 2 * self.classes * (prod(self.plan.maps) + (0 if self.plan.exact else sum(sizes)))

    def compute_logits(self, maps: Values) -> Values:
        """From feature maps of shape (images, height, width, channels) to (images, classes)."""
        return _both(self._forward(maps)[-1])

    def compute_maps(self, maps: Values) -> Values:
        """From feature maps of shape (images, height, width, channels) to what speaks for each class, of shape
        (images, classes, height, width), in units of the logit; Grad-CAM has no negative values."""
        if self.plan.exact:
            scores = maps @ self.weights[0].kernel if self.weights else maps
            return _both(np.moveaxis(scores, 3, 1), axis=1)
        height, width, channels = self.plan.maps
        alphas = self._compute_alphas(maps)
        columns = maps.reshape(len(maps), height * width, channels).transpose(0, 2, 1)
        found: Values = np.maximum(alphas @ columns, 0).reshape(len(maps), self.classes, height, width)
        return found

    def _forward(self, maps: Values) -> list[Values]:
        """The pooled maps and what each Dense layer makes of them."""
        found = [_pool(maps, self.plan.pooling)]
        for each, rectified in zip(self.weights, self.plan.rectified, strict=True):
            after = found[-1] @ each.kernel + each.bias
            found.append(np.maximum(after, 0) if rectified else after)
        return found

    def _compute_alphas(self, maps: Values) -> Values:
        """The gradient of each class's logit by each channel, averaged over the positions: (images, classes, channels).

        Only the mean over the positions is asked for, so the first kernel behind Flatten is averaged before it is used.
        """
        height, width, channels = self.plan.maps
        found = self._forward(maps)
        units = found[-1].shape[1]
        gradient = np.broadcast_to(np.eye(units, dtype=np.float32), (len(maps), units, units))
        for place in reversed(range(len(self.weights))):
            if self.plan.rectified[place]:
                gradient = gradient * (found[place + 1] > 0)[:, np.newaxis]
            kernel = self._first if place == 0 else self.weights[place].kernel
            gradient = gradient @ kernel.T
        if not self.weights and self.plan.pooling == "flatten":
            gradient = gradient.reshape(len(maps), units, height * width, channels).sum(axis=2)
        return _both(gradient / np.float32(height * width), axis=1)

    @cached_property
    def _first(self) -> Values:
        """The first kernel, that of Flatten summed over the positions: (channels, units)."""
        kernel = self.weights[0].kernel
        if self.plan.pooling != "flatten":
            return kernel
        channels = self.plan.maps[-1]
        parts = (kernel[start : start + channels] for start in range(0, len(kernel), channels))
        return sum(parts, np.zeros((channels, kernel.shape[1]), kernel.dtype))  # a reshape might copy 400 MB of VGG's


def _pool(maps: Values, pooling: Pooling) -> Values:
    if pooling == "flatten":
        return maps.reshape(len(maps), -1)
    axes = (1, 2)
    return maps.mean(axis=axes) if pooling == "average" else maps.max(axis=axes)


def _both(values: Values, axis: int = -1) -> Values:
    """One logit as the two it stands for."""
    return np.concatenate([-values, values], axis=axis) if values.shape[axis] == 1 else values


def normalize_maps(maps: NDArray[np.floating], shown: Sequence[int], *, exact: bool) -> Values:
    """The map of one class an image, of shape (images, height, width), in shares from −1 to 1.

    Exact maps add up to logits, so they are shares of the strongest value that any class has in the image. Grad-CAM of
    two classes has no common scale, so each is a share of its own strongest value.

    Args:
        maps: of shape (images, classes, height, width). What is not a number counts as 0, and where all values are 0
            they stay so.
        shown: the class asked of each image.
    """
    whole = np.nan_to_num(maps.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    asked: Values = whole[np.arange(len(whole)), np.asarray(shown, dtype=np.int64)]
    of = np.abs(whole if exact else asked[:, np.newaxis]).max(axis=(1, 2, 3), initial=0)[:, np.newaxis, np.newaxis]
    return np.divide(asked, of, out=np.zeros_like(asked), where=of > 0)
