"""Model summary from a spec and an input shape, computed without Keras."""

from dataclasses import dataclass
from functools import lru_cache

from core.architecture.graph import INPUT, LayerRow, LayerWalk
from core.architecture.layers import Layer, Shape
from core.architecture.stage import list_stages
from core.errors import SpecError, TooSmallError
from core.spec import BACKBONES, HEADS, RunSpec


@dataclass(frozen=True)
class LayerGraph:
    """Layers with their output shapes, parameters and FLOPs per image, each after the layers that it reads.

    Attributes:
        inputs: name and shape of each input, without the batch axis.
    """

    inputs: tuple[tuple[str, Shape], ...]
    layers: tuple[Layer, ...]
    rows: tuple[LayerRow, ...]

    @property
    def input_shape(self) -> Shape:
        return self.inputs[0][1]

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

    @property
    def is_chain(self) -> bool:
        """Return whether each layer reads the layer before it only."""
        names = (self.inputs[0][0], *(row.name for row in self.rows))
        return all(row.inputs == (before,) for row, before in zip(self.rows, names, strict=False))

    def list_input_shapes(self) -> list[tuple[Shape, ...]]:
        """Return the shapes that each layer reads."""
        shapes = dict(self.inputs) | {row.name: row.output_shape for row in self.rows}
        return [tuple(shapes[name] for name in row.inputs) for row in self.rows]


@dataclass(frozen=True)
class Model(LayerGraph):
    """An architecture for an input shape.

    With the binary loss the last layer returns one probability, that of the second class.
    """

    spec: RunSpec
    classes: int


def compute_model(spec: RunSpec, input_shape: Shape, classes: int) -> Model:
    """Return the model of `spec` for an input of shape `input_shape` = (side, side, channels).

    Raises:
        SpecError: if the feature maps become too small, or the number of classes or channels is invalid.
    """
    _check(spec, input_shape, classes)
    head = HEADS[spec.head].layers(spec, classes)
    shared = {name: getattr(spec, name) for name in ("backbone", *BACKBONES[spec.backbone].uses)}
    try:
        walk = _walk_backbone(RunSpec.model_construct(**RunSpec().model_dump() | shared), input_shape).copy()
        walk.reserve(head)
        for item in head:
            walk.add(item, "head")
    except TooSmallError as error:
        fewer = "fewer blocks or " if "blocks" in shared else ""
        raise SpecError(f"{error} Use {fewer}images larger than {' × '.join(map(str, input_shape))}.") from None
    if len(walk.rows[-1].output_shape) != 1:
        raise SpecError(f"Expected the head to end in one value per class; got {walk.rows[-1].output_shape}.")
    return Model(((INPUT, input_shape),), tuple(walk.layers), tuple(walk.rows), spec, classes)


@lru_cache(maxsize=256)
def _walk_backbone(spec: RunSpec, input_shape: Shape) -> LayerWalk:
    """Return the backbone, which all heads share; of a frozen one, the layers of its last stages are trained.

    Args:
        spec: with the settings of the backbone only.
    """
    walk = LayerWalk({INPUT: input_shape})
    items = BACKBONES[spec.backbone].layers(spec)
    walk.reserve(items)
    for item in items:
        walk.add(item, "backbone", trainable=not spec.frozen)
    if spec.frozen and spec.trained_stages:
        stages = list_stages(walk.rows)
        walk.train_from(stages[-spec.trained_stages][0] if spec.trained_stages <= len(stages) else 0)
    return walk


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
