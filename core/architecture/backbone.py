"""Backbones: functions from a spec to the layers before the head, pretrained or not."""

from collections.abc import Callable
from dataclasses import dataclass

from core.architecture.layers import Layer
from core.spec import RunSpec

BackboneLayers = Callable[[RunSpec], list[Layer]]


@dataclass(frozen=True)
class PretrainedWeights:
    """File of Keras Applications with the ImageNet weights of a backbone, by layer name.

    `reversed_channels` is True if the weights were trained on BGR images.
    """

    file: str
    origin: str
    reversed_channels: bool = False


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
        uses: hyperparameters of RunSpec that the function reads; a pretrained backbone also uses `frozen`.
        weights: initial weights of a pretrained backbone; the names of its layers are those of the file.
    """

    def register(layers: BackboneLayers) -> Backbone:
        settings = (*uses, "frozen") if weights else uses
        return Backbone(layers.__name__, label, (layers.__doc__ or "").strip(), settings, layers, order, weights)

    return register
