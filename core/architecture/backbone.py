"""What a backbone is: a function from a spec to the layers before the head."""

from collections.abc import Callable
from dataclasses import dataclass

from core.architecture.layers import Layer
from core.spec import RunSpec


@dataclass(frozen=True)
class Backbone:
    name: str
    label: str
    summary: str
    uses: tuple[str, ...]
    layers: Callable[[RunSpec], list[Layer]]
    place: int


def backbone(
    *, label: str, place: int, uses: tuple[str, ...] = ()
) -> Callable[[Callable[[RunSpec], list[Layer]]], Backbone]:
    """Makes a registry entry of a function; its name is the backbone's name, its docstring the summary.

    Args:
        label: what people read.
        place: position in lists.
        uses: the knobs of RunSpec that the function reads.
    """

    def register(layers: Callable[[RunSpec], list[Layer]]) -> Backbone:
        return Backbone(layers.__name__, label, (layers.__doc__ or "").strip(), uses, layers, place)

    return register
