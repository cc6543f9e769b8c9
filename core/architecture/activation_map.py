"""Class activation maps (CAM and Grad-CAM) of the last feature maps, in closed form.

A head pools feature maps A of shape (height, width, channels) to a vector p, followed by Dense layers. For average
pooling and at most one Dense layer, the class activation map is exact: M(class) = Σₖ W(k, class) · Aₖ, and its mean
plus the bias is the logit of the class (Zhou et al. 2016, Learning deep features for discriminative localization,
section 2). For other heads the map is Grad-CAM: ReLU(Σₖ αₖ · Aₖ), where αₖ is the gradient of the logit with respect to
Aₖ, averaged over the positions (Selvaraju et al. 2017, Grad-CAM, equations 1 and 2). For average and max pooling this
mean is ∂logit/∂pₖ / positions, for Flatten the mean over the positions of channel k. It depends on the weights and the
active ReLUs only, so no backpropagation is needed.

A model with one logit z, that of the second class, has the logits −z and z.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.architecture.layers import Dense, Dropout, Flatten, Sigmoid, Softmax
from core.architecture.model import Model
from core.architecture.pooling import GlobalPooling
from core.errors import SpecError

Values = NDArray[np.float32]
Pooling = Literal["average", "max", "flatten"]


@dataclass(frozen=True)
class MapWeights:
    """Weights of a Dense layer: `kernel` of shape (inputs, units), `bias` of shape (units,)."""

    kernel: Values
    bias: Values


@dataclass(frozen=True)
class MapPlan:
    """Structure of a head, without its weights.

    Attributes:
        maps: shape (height, width, channels) of the last feature maps.
        rectified: for each Dense layer, whether a ReLU follows.
    """

    maps: tuple[int, int, int]
    pooling: Pooling
    rectified: tuple[bool, ...]

    @property
    def exact(self) -> bool:
        """Return whether the mean of a class activation map plus the bias is the logit of the class (CAM)."""
        return self.pooling == "average" and self.rectified in ((), (False,))


def plan_maps(model: Model) -> MapPlan:
    """Return the structure of the layers after the last feature maps.

    Raises:
        SpecError: if the head has layers without a closed form.
    """
    if not any(row.type.startswith("Conv") for row in model.rows):
        raise SpecError("Activation maps are not available: the model has no convolutions.")
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
                "Activation maps are not available: they need a head of pooling and Dense layers, and this one has a "
                f"{type(layer).__name__} layer."
            )
    shape = model.rows[last].output_shape
    if pooling is None or len(shape) != 3:
        raise SpecError(f"Activation maps are not available: the feature maps are not two-dimensional (shape {shape}).")
    return MapPlan((shape[0], shape[1], shape[2]), pooling, tuple(rectified))


@dataclass(frozen=True)
class MapHead:
    """A head with its weights, one MapWeights per Dense layer.

    Raises:
        SpecError: if the shapes of the weights do not match the structure.
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
            raise SpecError(
                f"Expected weights of {layers} Dense layers for feature maps of shape {self.plan.maps}; got {shapes}."
            )

    @cached_property
    def bias(self) -> Values:
        """The part of the logits that exact maps do not contain, one number per class; 0 without a bias."""
        if self.weights and self.plan.exact:
            return _expand_logit(self.weights[-1].bias)
        return np.zeros(self.classes, np.float32)

    @property
    def classes(self) -> int:
        units = self.weights[-1].kernel.shape[1] if self.weights else self.plan.maps[-1]
        return max(2, units)

    @property
    def flops(self) -> int:
        """FLOPs of the maps of one image, without those of its logits.

        A multiply and add for each class, channel and position; for Grad-CAM another one for each class and weight
        after the pooling.
        """
        sizes = [prod(each.kernel.shape) for each in self.weights]
        if sizes and self.plan.pooling == "flatten":
            sizes[0] //= prod(self.plan.maps[:2])
        return 2 * self.classes * (prod(self.plan.maps) + (0 if self.plan.exact else sum(sizes)))

    def compute_logits(self, maps: Values) -> Values:
        """Return logits of shape (images, classes) from feature maps of shape (images, height, width, channels)."""
        return _expand_logit(self._forward(maps)[-1])

    def compute_maps(self, maps: Values) -> Values:
        """Return class activation maps, in units of the logit; Grad-CAM has no negative values.

        Args:
            maps: feature maps of shape (images, height, width, channels).

        Returns:
            Array of shape (images, classes, height, width).
        """
        if self.plan.exact:
            scores = maps @ self.weights[0].kernel if self.weights else maps
            return _expand_logit(np.moveaxis(scores, 3, 1), axis=1)
        height, width, channels = self.plan.maps
        alphas = self._compute_alphas(maps)
        columns = maps.reshape(len(maps), height * width, channels).transpose(0, 2, 1)
        activation_maps: Values = np.maximum(alphas @ columns, 0).reshape(len(maps), self.classes, height, width)
        return activation_maps

    def _forward(self, maps: Values) -> list[Values]:
        """Return the pooled maps and the output of each Dense layer."""
        outputs = [_pool(maps, self.plan.pooling)]
        for each, rectified in zip(self.weights, self.plan.rectified, strict=True):
            output = outputs[-1] @ each.kernel + each.bias
            outputs.append(np.maximum(output, 0) if rectified else output)
        return outputs

    def _compute_alphas(self, maps: Values) -> Values:
        """Return the gradient of each logit with respect to each channel, averaged over the positions.

        After Flatten the first kernel is summed over the positions first, because only the mean is needed.

        Returns:
            Array of shape (images, classes, channels).
        """
        height, width, channels = self.plan.maps
        outputs = self._forward(maps)
        units = outputs[-1].shape[1]
        gradient = np.broadcast_to(np.eye(units, dtype=np.float32), (len(maps), units, units))
        for index in reversed(range(len(self.weights))):
            if self.plan.rectified[index]:
                gradient = gradient * (outputs[index + 1] > 0)[:, np.newaxis]
            kernel = self._first_kernel if index == 0 else self.weights[index].kernel
            gradient = gradient @ kernel.T
        if not self.weights and self.plan.pooling == "flatten":
            gradient = gradient.reshape(len(maps), units, height * width, channels).sum(axis=2)
        return _expand_logit(gradient / np.float32(height * width), axis=1)

    @cached_property
    def _first_kernel(self) -> Values:
        """The first kernel of shape (channels, units); after Flatten it is summed over the positions."""
        kernel = self.weights[0].kernel
        if self.plan.pooling != "flatten":
            return kernel
        channels = self.plan.maps[-1]
        parts = (kernel[start : start + channels] for start in range(0, len(kernel), channels))
        return sum(
            parts, np.zeros((channels, kernel.shape[1]), kernel.dtype)
        )  # without a reshape, which may copy 400 MB (VGG)


def _pool(maps: Values, pooling: Pooling) -> Values:
    if pooling == "flatten":
        return maps.reshape(len(maps), -1)
    axes = (1, 2)
    return maps.mean(axis=axes) if pooling == "average" else maps.max(axis=axes)


def _expand_logit(values: Values, axis: int = -1) -> Values:
    """Expand a single logit z to −z and z."""
    return np.concatenate([-values, values], axis=axis) if values.shape[axis] == 1 else values


def normalize_maps(maps: NDArray[np.floating], shown: Sequence[int], *, exact: bool) -> Values:
    """Return the map of one class per image, scaled to [−1, 1]: array of shape (images, height, width).

    Exact maps sum to logits and are divided by the largest absolute value of any class in the image. Grad-CAM maps of
    different classes have no common scale, so each is divided by its own largest value.

    Args:
        maps: of shape (images, classes, height, width). NaN and infinity are replaced by 0; all-zero maps remain zero.
        shown: the class of each image.
    """
    finite = np.nan_to_num(maps.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    selected: Values = finite[np.arange(len(finite)), np.asarray(shown, dtype=np.int64)]
    scaled_by = finite if exact else selected[:, np.newaxis]
    scale = np.abs(scaled_by).max(axis=(1, 2, 3), initial=0)[:, np.newaxis, np.newaxis]
    return np.divide(selected, scale, out=np.zeros_like(selected), where=scale > 0)
