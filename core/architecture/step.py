"""Steps of a model for a diagram: layers without those that only transform values, or blocks or stages of a deep
backbone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from core.architecture.graph import LayerRow
from core.architecture.layers import Layer, Shape, spread
from core.architecture.model import LayerGraph
from core.architecture.stage import split_stages
from core.plural import format_plural

_MAX_STEPS = 9  # of a backbone; a deeper one is drawn in blocks or stages
_MAX_HEAD_STEPS = 24
_NAMES = {
    "conv": "convolution",
    "depthwise conv": "depthwise convolution",
    "re l u": "ReLU",
    "relu": "ReLU",
    "activation": "sigmoid",
}


@dataclass(frozen=True)
class Step:
    """One or several consecutive layers.

    Attributes:
        title: type of the layer with its window, or number of a block.
        shape: output shape.
        notes: what else belongs to the step, such as dropout.
        layers: names of the layers.
        inputs: indices of the steps of the same part that it reads; −1 is the input of the part.
    """

    title: str
    shape: Shape
    trainable: int
    non_trainable: int
    notes: tuple[str, ...]
    layers: tuple[str, ...]
    inputs: tuple[int, ...] = ()

    @property
    def params(self) -> int:
        return self.trainable + self.non_trainable


def list_steps(model: LayerGraph, part: str) -> tuple[Step, ...]:
    """Return the steps of the part "backbone" or "head"."""
    records = [
        (layer, row, shapes[0])
        for layer, row, shapes in zip(model.layers, model.rows, model.list_input_shapes(), strict=True)
        if row.part == part
    ]
    rows = [row for _, row, _ in records]
    steps: list[Step] = []
    for layer, row, before in records:
        title, *notes = _describe(layer, row)
        continues = bool(steps) and row.inputs == (steps[-1].layers[-1],)
        if continues and not row.params and row.output_shape == before:
            last, note = steps[-1], title if title.startswith("ReLU") else title[0].lower() + title[1:]
            steps[-1] = replace(last, notes=(*last.notes, note, *notes), layers=(*last.layers, row.name))
        else:
            steps.append(Step(title, row.output_shape, row.trainable, row.non_trainable, tuple(notes), (row.name,)))
    if part == "backbone" and len(steps) > _MAX_STEPS:
        is_chain = all(row.inputs == (before.name,) for before, row in pairwise(rows))
        name, blocks = ("Block", _split(records)) if is_chain else ("Stage", split_stages(rows))
        steps = [_join(f"{name} {number}", block) for number, block in enumerate(blocks, 1)]
    elif len(steps) > _MAX_HEAD_STEPS:
        size = ceil(len(rows) / _MAX_HEAD_STEPS)
        steps = [
            _join(f"Layers {start + 1} to {min(start + size, len(rows))}", rows[start : start + size])
            for start in range(0, len(rows), size)
        ]
    return _link(steps, rows)


def _link(steps: Sequence[Step], rows: Iterable[LayerRow]) -> tuple[Step, ...]:
    """Return the steps with the steps that they read."""
    step_of = {name: index for index, step in enumerate(steps) for name in step.layers}
    inputs: dict[int, set[int]] = {index: set() for index in range(len(steps))}
    for row in rows:
        inputs[step_of[row.name]] |= {step_of.get(name, -1) for name in row.inputs}
    return tuple(replace(step, inputs=tuple(sorted(inputs[index] - {index}))) for index, step in enumerate(steps))


def _split(records: list[tuple[Layer, LayerRow, Shape]]) -> Iterator[list[LayerRow]]:
    """Yield the layers of each block, which ends after a pooling or before a convolution that halves the maps."""
    block: list[LayerRow] = []
    pooled = False
    for _, row, before in records:
        halved = len(before) > 1 and 2 * row.output_shape[0] <= before[0] + 1
        starts = "Padding" in row.type or ("Conv" in row.type and (pooled or halved))
        if starts and any("Conv" in other.type for other in block):
            yield block
            block, pooled = [], False
        block.append(row)
        pooled = pooled or "Pooling" in row.type
    yield block


def _join(title: str, rows: Sequence[LayerRow]) -> Step:
    kinds = ("convolution", "Conv"), ("addition", "Add"), ("concatenation", "Concatenate"), ("Dense layer", "Dense")
    counts = [(sum(kind in row.type for row in rows), label) for label, kind in kinds]
    return Step(
        title,
        rows[-1].output_shape,
        sum(row.trainable for row in rows),
        sum(row.non_trainable for row in rows),
        tuple(format_plural(count, label) for count, label in counts if count),
        tuple(row.name for row in rows),
    )


def _describe(layer: Layer, row: LayerRow) -> list[str]:
    """Return the type of a layer with its window, and its activation and stride as notes."""
    words = re.sub(r"(?<!^)([A-Z])", r" \1", re.sub(r"[123]D$", "", row.type)).lower()
    name = _NAMES.get(words, words)
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    rank = len(row.output_shape) - 1
    title = name[0].upper() + name[1:]
    if window and rank:
        title += f" {'×'.join(map(str, spread(window, rank)))}"
    notes = []
    if (rate := getattr(layer, "rate", None)) is not None:
        title += f" {rate:g}"
    strides = getattr(layer, "strides", None)
    if strides not in (None, window if "Pooling" in row.type else 1):
        notes.append(f"stride {strides}")
    activation = getattr(layer, "activation", "linear")
    if row.type == "Activation" and hasattr(layer, "activation"):
        return [_NAMES.get(activation, activation), *notes]
    if activation != "linear":
        notes.append(_NAMES.get(activation, activation))
    return [title, *notes]
