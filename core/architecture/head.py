"""What a head is: a function from a spec and a number of classes to the layers after the backbone."""

from collections.abc import Callable
from dataclasses import dataclass

from core.architecture.layers import Layer
from core.spec import RunSpec

HeadLayers = Callable[[RunSpec, int], list[Layer]]


@dataclass(frozen=True)
class Head:
    name: str
    label: str
    summary: str
    uses: tuple[str, ...]
    layers: HeadLayers
    place: int


def head(*, label: str, place: int, uses: tuple[str, ...] = ()) -> Callable[[HeadLayers], Head]:
    """Makes a registry entry of a function; its name is the head's name, its docstring the summary.

    Args:
        label: what people read.
        place: position in lists and in the palette; a head keeps its colour everywhere.
        uses: the knobs of RunSpec that the function reads.
    """

    def register(layers: HeadLayers) -> Head:
        return Head(layers.__name__, label, (layers.__doc__ or "").strip(), uses, layers, place)

    return register
