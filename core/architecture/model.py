"""Model summary from a spec and an input shape, computed without Keras."""

from dataclasses import dataclass

from core.architecture.layers import Layer, Shape
from core.errors import SpecError
from core.spec import BACKBONES, HEADS, RunSpec


@dataclass(frozen=True)
class LayerRow:
    """Row of a model summary; `output_shape` excludes the batch axis, `part` is "backbone" or "head"."""

    name: str
    type: str
    part: str
    output_shape: Shape
    trainable: int
    non_trainable: int
    flops: int | None  # None for a model that was trained elsewhere

    @property
    def params(self) -> int:
        return self.trainable + self.non_trainable


@dataclass(frozen=True)
class Model:
    """An architecture for an input shape: output shape, parameters and FLOPs per image of each layer.

    With the binary loss the last layer returns one probability, that of the second class.
    """

    spec: RunSpec
    input_shape: Shape
    classes: int
    layers: tuple[Layer, ...]
    rows: tuple[LayerRow, ...]

    @property
    def trainable(self) -> int:
        return sum(row.trainable for row in self.rows)

    @property
    def non_trainable(self) -> int:
        return sum(row.non_trainable for row in self.rows)

    @property
    def params(self) -> int:
        return self.trainable + self.non_trainable

    @property
    def flops(self) -> int:
        return sum(row.flops or 0 for row in self.rows)

    @property
    def maps_layer(self) -> str:
        """Name of the last layer with spatial axes in its output, the source of class activation maps."""
        return next(row.name for row in reversed(self.rows) if len(row.output_shape) > 1)


def compute_model(spec: RunSpec, input_shape: Shape, classes: int) -> Model:
    """Return the model of `spec` for an input of shape `input_shape` = (side, side, channels).

    Raises:
        SpecError: if the feature maps become too small, or the number of classes or channels is invalid.
    """
    _check(spec, input_shape, classes)
    parts = [("backbone", BACKBONES[spec.backbone].layers(spec)), ("head", HEADS[spec.head].layers(spec, classes))]
    rows: list[LayerRow] = []
    layers: list[Layer] = []
    counts: dict[str, int] = {}
    shape = input_shape
    for part, part_layers in parts:
        for layer in part_layers:
            try:
                output_shape = layer.output_shape(shape)
            except SpecError as error:
                hint = f" Use fewer blocks or images larger than {' × '.join(map(str, input_shape))}."
                raise SpecError(f"{error}{hint}") from None
            kind = layer.keras_type(shape)
            name = layer.name or _number(kind, counts)
            trainable, non_trainable = layer.params(shape)
            if spec.frozen and part == "backbone":
                trainable, non_trainable = 0, trainable + non_trainable
            rows.append(LayerRow(name, kind, part, output_shape, trainable, non_trainable, layer.flops(shape)))
            layers.append(layer)
            shape = output_shape
    return Model(spec, input_shape, classes, tuple(layers), tuple(rows))


def _check(spec: RunSpec, input_shape: Shape, classes: int) -> None:
    if spec.elsewhere:
        raise SpecError(f"The model {spec.elsewhere!r:.90} was trained elsewhere; Headroom cannot train it.")
    if classes < 2:
        raise SpecError(f"Expected at least 2 classes; got {classes}.")
    if spec.loss == "binary" and classes != 2:
        raise SpecError(f"Expected 2 classes for the binary loss; got {classes}.")
    if min(input_shape, default=0) < 1:
        raise SpecError(f"Expected a positive input shape; got {input_shape}.")
    if BACKBONES[spec.backbone].weights and input_shape[-1] != 3:
        raise SpecError(f"Expected images with 3 channels for {spec.backbone}; got {input_shape[-1]}.")


def _number(kind: str, counts: dict[str, int]) -> str:
    """Return the next layer name of a type, as in Keras: conv2d, conv2d_1, …"""
    stem = "".join(f"_{c.lower()}" if c.isupper() and i and not kind[i - 1].isdigit() else c.lower()
                   for i, c in enumerate(kind))  # fmt: skip
    counts[stem] = counts.get(stem, -1) + 1
    return f"{stem}_{counts[stem]}" if counts[stem] else stem
