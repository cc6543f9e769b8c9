"""Steps of a model for a diagram: layers without those that only transform values, or blocks of a deep backbone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.architecture.layers import Layer, Shape
from core.architecture.model import LayerRow, Model

_MAX_STEPS = 9  # of a backbone; a deeper one is drawn in blocks
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
    """

    title: str
    shape: Shape
    trainable: int
    non_trainable: int
    notes: tuple[str, ...]
    layers: tuple[str, ...]

    @property
    def params(self) -> int:
        return self.trainable + self.non_trainable


def list_steps(model: Model, part: str) -> tuple[Step, ...]:
    """Return the steps of the part "backbone" or "head"."""
    inputs = (model.input_shape, *(row.output_shape for row in model.rows[:-1]))
    records = [record for record in zip(model.layers, model.rows, inputs, strict=True) if record[1].part == part]
    steps: list[Step] = []
    for layer, row, before in records:
        title, *notes = _describe(layer, row)
        if steps and not row.params and row.output_shape == before:
            last, note = steps[-1], title if title.startswith("ReLU") else title[0].lower() + title[1:]
            steps[-1] = replace(last, notes=(*last.notes, note, *notes), layers=(*last.layers, row.name))
        else:
            steps.append(Step(title, row.output_shape, row.trainable, row.non_trainable, tuple(notes), (row.name,)))
    if part == "head" or len(steps) <= _MAX_STEPS:
        return tuple(steps)
    return tuple(_join(number, block) for number, block in enumerate(_split(records), 1))


def _split(records: list[tuple[Layer, LayerRow, Shape]]) -> Iterator[list[LayerRow]]:
    """Yield the layers of each block, which ends after a pooling or before a convolution that halves the maps."""
    block: list[LayerRow] = []
    pooled = False
    for _, row, before in records:
        halved = 2 * row.output_shape[0] <= before[0] + 1
        starts = "Padding" in row.type or ("Conv" in row.type and (pooled or halved))
        if starts and any("Conv" in other.type for other in block):
            yield block
            block, pooled = [], False
        block.append(row)
        pooled = pooled or "Pooling" in row.type
    yield block


def _join(number: int, rows: list[LayerRow]) -> Step:
    count = sum("Conv" in row.type for row in rows)
    return Step(
        f"Block {number}",
        rows[-1].output_shape,
        sum(row.trainable for row in rows),
        sum(row.non_trainable for row in rows),
        (f"{count} convolution{'s' if count > 1 else ''}",),
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
        title += f" {'×'.join([str(window)] * rank)}"
    notes = []
    if (rate := getattr(layer, "rate", None)) is not None:
        title += f" {rate:g}"
    strides = getattr(layer, "strides", None)
    if strides not in (None, window if "Pooling" in row.type else 1):
        notes.append(f"stride {strides}")
    activation = getattr(layer, "activation", "linear")
    if activation != "linear":
        notes.append(_NAMES.get(activation, activation))
    return [title, *notes]
