"""What a head is: a function from a spec and a number of classes to the layers after the backbone."""

from collections.abc import Callable
from dataclasses import dataclass

from core.architecture.layers import Dense, Dropout, Layer, Sigmoid, Softmax
from core.spec import RunSpec

HeadLayers = Callable[[RunSpec, int], list[Layer]]


@dataclass(frozen=True)
class Head:
    name: str
    label: str
    summary: str
    uses: tuple[str, ...]
    layers: HeadLayers
    order: int


def head(*, label: str, order: int, uses: tuple[str, ...] = ()) -> Callable[[HeadLayers], Head]:
    """Makes a registry entry of a function; its name is the head's name, its docstring the summary.

    Args:
        label: what people read.
        order: position in lists and in the palette; a head keeps its colour everywhere.
        uses: the knobs of RunSpec that the function reads.
    """

    def register(layers: HeadLayers) -> Head:
        return Head(layers.__name__, label, (layers.__doc__ or "").strip(), uses, layers, order)

    return register


def count_logits(spec: RunSpec, classes: int) -> int:
    """One for the binary loss, which tells two classes by the sign of one number; else one a class."""
    return 1 if spec.loss == "binary" else classes


def probabilities(spec: RunSpec) -> Layer:
    """The layer that turns logits into probabilities."""
    return Sigmoid() if spec.loss == "binary" else Softmax()


def outputs(spec: RunSpec, classes: int) -> list[Layer]:
    """The end of most heads: one Dense layer to the logits, and probabilities."""
    return [Dense(count_logits(spec, classes)), probabilities(spec)]


def optional_dropout(rate: float) -> list[Layer]:
    """A Dropout layer, none at rate 0."""
    return [Dropout(rate)] if rate else []


def read_hidden(spec: RunSpec) -> list[int]:
    """«64-32» to [64, 32]."""
    return [int(units) for units in spec.hidden.split("-")]
