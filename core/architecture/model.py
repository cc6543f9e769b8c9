"""The closed-form reader: a spec and an input shape to a table of layers, at once and without Keras."""

from dataclasses import dataclass

from core.architecture.layers import Layer, Shape
from core.errors import SpecError
from core.spec import BACKBONES, HEADS, RunSpec


@dataclass(frozen=True)
class LayerRow:
    """One line of a model's summary; `output_shape` leaves the batch axis out, `part` is backbone or head."""

    name: str
    type: str
    part: str
    output_shape: Shape
    trainable: int
    non_trainable: int
    flops: int

    @property
    def params(self) -> int:
        return self.trainable + self.non_trainable


@dataclass(frozen=True)
class Model:
    """An architecture met with an input: every layer's shape, parameters and FLOPs for one image.

    With the binary loss the last layer gives one probability, that of the second class.
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
        return sum(row.flops for row in self.rows)

    @property
    def maps_layer(self) -> str:
        """Name of the last layer whose output still has spatial axes: where class activation maps come from."""
        return next(row.name for row in reversed(self.rows) if len(row.output_shape) > 1)


def compute_model(spec: RunSpec, input_shape: Shape, classes: int) -> Model:
    """Walks the layers of `spec` from an input of `input_shape` = (side, side, channels).

    Raises:
        SpecError: when the feature maps vanish before the last layer, or the classes or channels do not fit.
    """
    _check(spec, input_shape, classes)
    parts = [("backbone", BACKBONES[spec.backbone].layers(spec)), ("head", HEADS[spec.head].layers(spec, classes))]
    rows: list[LayerRow] = []
    layers: list[Layer] = []
    seen: dict[str, int] = {}
    shape = input_shape
    for part, members in parts:
        for layer in members:
            try:
                after = layer.output_shape(shape)
            except SpecError as error:
                hint = f" Choose fewer blocks or larger images than {' × '.join(map(str, input_shape))}."
                raise SpecError(f"{error}{hint}") from None
            kind = layer.keras_type(shape)
            name = layer.name or _count(kind, seen)
            trainable, non_trainable = layer.params(shape)
            if spec.frozen and part == "backbone":
                trainable, non_trainable = 0, trainable + non_trainable
            rows.append(LayerRow(name, kind, part, after, trainable, non_trainable, layer.flops(shape)))
            layers.append(layer)
            shape = after
    return Model(spec, input_shape, classes, tuple(layers), tuple(rows))


def _check(spec: RunSpec, input_shape: Shape, classes: int) -> None:
    if classes < 2:
        raise SpecError(f"Expected at least 2 classes; got {classes}.")
    if spec.loss == "binary" and classes != 2:
        raise SpecError(f"Expected 2 classes for the binary loss; got {classes}.")
    if min(input_shape, default=0) < 1:
        raise SpecError(f"Expected an input shape of positive sides; got {input_shape}.")
    if BACKBONES[spec.backbone].weights and input_shape[-1] != 3:
        raise SpecError(f"Expected images with 3 channels for {spec.backbone}; got {input_shape[-1]}.")


def _count(kind: str, seen: dict[str, int]) -> str:
    """Keras' way of naming: conv2d, conv2d_1, …"""
    stem = "".join(f"_{c.lower()}" if c.isupper() and i and not kind[i - 1].isdigit() else c.lower()
                   for i, c in enumerate(kind))  # fmt: skip
    seen[stem] = seen.get(stem, -1) + 1
    return f"{stem}_{seen[stem]}" if seen[stem] else stem
