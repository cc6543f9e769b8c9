"""Heads: functions from a spec and a number of classes to the layers after the backbone."""

from collections.abc import Callable
from dataclasses import dataclass

from core.architecture.layers import Dense, Dropout, Layer, Sigmoid, Softmax
from core.spec import RunSpec

HeadLayers = Callable[[RunSpec, int], list[Layer]]


@dataclass(frozen=True)
class Head:
    """Registry entry of a head."""

    name: str
    label: str
    summary: str
    uses: tuple[str, ...]
    layers: HeadLayers
    order: int
    former_labels: tuple[str, ...]


def head(
    *, label: str, order: int, uses: tuple[str, ...] = (), former_labels: tuple[str, ...] = ()
) -> Callable[[HeadLayers], Head]:
    """Register a function as a head: its name becomes the head's name, its docstring the summary.

    Args:
        label: name in the UI.
        order: position in lists and in the color palette.
        uses: hyperparameters of RunSpec that the function reads.
        former_labels: names in links, drafts and searches of older versions.
    """

    def register(layers: HeadLayers) -> Head:
        return Head(layers.__name__, label, (layers.__doc__ or "").strip(), uses, layers, order, former_labels)

    return register


def count_logits(spec: RunSpec, classes: int) -> int:
    """Return the number of logits: 1 for the binary loss, otherwise one per class."""
    return 1 if spec.loss == "binary" else classes


def probabilities(spec: RunSpec) -> Layer:
    """Return the layer that converts logits to probabilities."""
    return Sigmoid() if spec.loss == "binary" else Softmax()


def outputs(spec: RunSpec, classes: int) -> list[Layer]:
    """Return the output layers of most heads: a Dense layer to the logits, then softmax or sigmoid."""
    return [Dense(count_logits(spec, classes)), probabilities(spec)]


def optional_dropout(rate: float) -> list[Layer]:
    """Return a Dropout layer, or no layer for rate 0."""
    return [Dropout(rate)] if rate else []


def read_hidden(spec: RunSpec) -> list[int]:
    """Parse the sizes of the hidden layers: "64-32" gives [64, 32]."""
    return [int(units) for units in spec.hidden.split("-")]
