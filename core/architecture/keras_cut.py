"""Layers after which a Keras model can be cut, and the one where its classifier begins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.architecture.graph import LayerRow, LayerWalk
from core.architecture.layers import Dropout, Flatten, Shape, Sigmoid, Softmax
from core.architecture.pooling import GlobalPooling


@dataclass(frozen=True)
class Cut:
    """A layer whose output is all that later layers read: a backbone can end there."""

    layer: str
    shape: Shape
    params: int


def list_cuts(rows: Sequence[LayerRow], outputs: Sequence[str]) -> Iterator[Cut]:
    """Yield the layers after which a model can be cut, first to last; their outputs have spatial axes."""
    last_use = {name: index for index, row in enumerate(rows) for name in row.inputs}
    last_use |= dict.fromkeys(outputs, len(rows))
    names = {row.name for row in rows}
    needed = max((index for name, index in last_use.items() if name not in names), default=-1)
    params = 0
    for index, row in enumerate(rows):
        params += row.params
        if needed <= index and len(row.output_shape) > 1 and row.name in last_use:
            yield Cut(row.name, row.output_shape, params)
        needed = max(needed, last_use.get(row.name, -1))


def find_last_maps(cuts: Sequence[tuple[str, Shape]], rank: int) -> str:
    """Return the last layer whose feature maps have several positions, or the last one; empty without layers.

    Args:
        cuts: names and output shapes.
        rank: number of axes of the input.
    """
    large = [name for name, shape in cuts if max(shape[:-1]) > 1 and len(shape) == rank]
    return (large or [name for name, _ in cuts] or [""])[-1]


def find_scores(walk: LayerWalk, outputs: Sequence[str]) -> int:
    """Return the index of the convolution to one map per class (GAP), or the number of layers without one.

    A softmax or sigmoid, or nothing but pooling, follows it; otherwise the model returns features.
    """
    shape = walk.shapes[outputs[-1]]
    index = max((at for at, row in enumerate(walk.rows) if "Conv" in row.type or row.type == "Dense"), default=0)
    layers = walk.layers[index:]
    functions = {getattr(layer, "activation", "linear") for layer in layers}
    is_classifier = functions & {"softmax", "sigmoid"} or any(isinstance(layer, Softmax | Sigmoid) for layer in layers)
    is_linear = functions == {"linear"} and all(isinstance(x, GlobalPooling | Flatten | Dropout) for x in layers[1:])
    found = walk.rows[index].output_shape
    is_map = len(shape) == 1 and len(found) > 1 and found[-1] == shape[0]
    return index if is_map and (is_classifier or is_linear) else len(walk.rows)
