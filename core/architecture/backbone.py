"""What a backbone is: a function from a spec to the layers before the head, pretrained or not."""

from collections.abc import Callable
from dataclasses import dataclass

from core.architecture.layers import Layer
from core.spec import RunSpec

BackboneLayers = Callable[[RunSpec], list[Layer]]


@dataclass(frozen=True)
class PretrainedWeights:
    """The file of Keras Applications with a backbone's ImageNet weights, by layer names.

    `reversed_channels` says that the weights were trained on images in the order blue, green, red.
    """

    file: str
    origin: str
    reversed_channels: bool = False


@dataclass(frozen=True)
class Backbone:
    """`weights` is None where training starts from random ones."""

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
    """Makes a registry entry of a function; its name is the backbone's name, its docstring the summary.

    Args:
        label: what people read.
        order: position in lists.
        uses: the knobs of RunSpec that the function reads; a pretrained backbone also uses `frozen`.
        weights: what a pretrained backbone starts from; its layers carry the names of that file.
    """

    def register(layers: BackboneLayers) -> Backbone:
        settings = (*uses, "frozen") if weights else uses
        return Backbone(layers.__name__, label, (layers.__doc__ or "").strip(), settings, layers, order, weights)

    return register
