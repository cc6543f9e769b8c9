"""Architectures as graphs: layers that read the layer before them, or layers that they name.

A backbone or head is a sequence of items. A layer without a Node reads the item before it; a Node names the layers that
it reads, which are before it. `Graph` writes the nodes of large backbones.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from core.architecture.layers import Layer, Shape
from core.architecture.merge import Merge
from core.errors import SpecError

INPUT = "input"
"""Name of the input of a model in `Node.inputs`."""
_IMAGE = (1, 1, 1)


@dataclass(frozen=True)
class Node:
    """A layer with the names of the layers whose outputs it reads.

    Attributes:
        shared: name of the layer whose weights it uses; empty if it has its own.
    """

    layer: Layer
    inputs: tuple[str, ...]
    trainable: bool = True
    shared: str = ""


Item = Layer | Node
Items = Sequence[Item]


class Graph:
    """Nodes of a backbone for images, in order. Layers without a name are numbered as Keras does.

    Attributes:
        last: name of the last layer.

    >>> from core.architecture.layers import Conv
    >>> from core.architecture.merge import Add
    >>> graph = Graph()
    >>> first = graph.add(Conv(8, padding="same"))
    >>> second = graph.add(Conv(8, padding="same"))
    >>> graph.add(Add(), first, second)
    'add'
    >>> graph.items[-1].inputs
    ('conv2d', 'conv2d_1')
    """

    def __init__(self) -> None:
        self.items: list[Node] = []
        self.last = INPUT
        self._names = LayerNames()

    def add(self, layer: Layer, *inputs: str) -> str:
        """Append a layer that reads `inputs`, by default the layer before it; return its name."""
        name = layer.name or self._names.number(layer.keras_type(_IMAGE))
        self._names.reserve(name)
        self.items.append(Node(cast(Layer, replace(cast(Any, layer), name=name)), inputs or (self.last,)))
        self.last = name
        return name

    def chain(self, layers: Iterable[Layer], *inputs: str) -> str:
        """Append layers of which the first reads `inputs` and each other one the layer before it."""
        for number, layer in enumerate(layers):
            self.add(layer, *(inputs if number == 0 else ()))
        return self.last


class LayerNames:
    """Names of the layers of a model; unnamed layers are numbered per type, as in Keras: conv2d, conv2d_1, …"""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._taken: set[str] = set()

    def reserve(self, name: str) -> None:
        self._taken.add(name)

    def copy(self) -> "LayerNames":
        other = LayerNames()
        other._counts, other._taken = self._counts.copy(), self._taken.copy()
        return other

    def number(self, kind: str) -> str:
        """Return the next name of a type that no other layer has."""
        stem = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()
        while True:
            count = self._counts[stem] = self._counts.get(stem, -1) + 1
            name = f"{stem}_{count}" if count else stem
            if name not in self._taken:
                self._taken.add(name)
                return name


@dataclass(frozen=True)
class LayerRow:
    """Row of a model summary.

    Attributes:
        part: "backbone" or "head".
        output_shape: without the batch axis.
        inputs: names of the layers, or inputs of the model, that the layer reads.
        flops: None for a model that was trained elsewhere.
        frozen: whether the layer runs in inference mode during training; its parameters are not trained.
    """

    name: str
    type: str
    part: str
    output_shape: Shape
    trainable: int
    non_trainable: int
    flops: int | None
    inputs: tuple[str, ...] = (INPUT,)
    frozen: bool = False

    @property
    def params(self) -> int:
        return self.trainable + self.non_trainable


class LayerWalk:
    """Shapes, parameters and FLOPs of a graph, computed item by item.

    Attributes:
        layers, rows: one per item.
        shapes: output shape of each input and layer by name.
    """

    def __init__(self, inputs: Mapping[str, Shape]) -> None:
        self.shapes: dict[str, Shape] = dict(inputs)
        self.layers: list[Layer] = []
        self.rows: list[LayerRow] = []
        self._names = LayerNames()
        self._last = next(iter(inputs))

    def copy(self) -> "LayerWalk":
        """Return a walk that continues from here and leaves this one unchanged."""
        other = LayerWalk(self.shapes)
        other.layers, other.rows = self.layers.copy(), self.rows.copy()
        other._names, other._last = self._names.copy(), self._last
        return other

    def reserve(self, items: Iterable[Item]) -> None:
        """Keep the names of these items for them."""
        for item in items:
            self._names.reserve(_unwrap(item).name)

    def add(self, item: Item, part: str, *, trainable: bool = True) -> None:
        """Append an item.

        Raises:
            SpecError: if the feature maps become too small, or an input is missing or does not fit.
        """
        layer = _unwrap(item)
        node = item if isinstance(item, Node) else Node(layer, (self._last,))
        shapes = [self._find(name, layer) for name in node.inputs]
        check_inputs(layer, len(shapes))
        kind, output_shape = layer.keras_type(*shapes), layer.output_shape(*shapes)
        name = layer.name or self._names.number(kind)
        if name in self.shapes:
            raise SpecError(f"Expected layers with different names; got two layers named {name!r:.80}.")
        trained, fixed = (0, 0) if node.shared else layer.params(*shapes)
        frozen = not (trainable and node.trainable)
        if frozen:
            trained, fixed = 0, trained + fixed
        flops = layer.flops(*shapes)
        self.rows.append(LayerRow(name, kind, part, output_shape, trained, fixed, flops, node.inputs, frozen))
        self.layers.append(layer)
        self.shapes[name] = output_shape
        self._last = name

    def train_from(self, first: int) -> None:
        """Unfreeze the layers from index `first` on."""
        for index in range(first, len(self.rows)):
            row = self.rows[index]
            shapes = [self.shapes[name] for name in row.inputs]
            trained, fixed = self.layers[index].params(*shapes)
            self.rows[index] = replace(row, trainable=trained, non_trainable=fixed, frozen=False)

    def _find(self, name: str, layer: Layer) -> Shape:
        if name not in self.shapes:
            owner = layer.name or type(layer).__name__
            raise SpecError(f"Expected the inputs of layer {owner!r:.80} before it; got {name!r:.80}.")
        return self.shapes[name]


def check_inputs(layer: Layer, count: int) -> None:
    """Check the number of inputs of a layer.

    Raises:
        SpecError: if the layer accepts fewer or more.
    """
    least, most = layer.inputs if isinstance(layer, Merge) else (1, 1)
    if count < least or (most is not None and count > most):
        wanted = f"{least}" if least == most else f"at least {least}"
        raise SpecError(f"Expected {wanted} input(s) of layer {layer.name or type(layer).__name__!r:.80}; got {count}.")


def _unwrap(item: Item) -> Layer:
    return item.layer if isinstance(item, Node) else item
