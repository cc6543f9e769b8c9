"""Layers of an added model as those of a model of Headroom: up to a cut, or all of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from core.architecture.elementwise import Activation, TrainingOnly
from core.architecture.graph import INPUT, Node
from core.architecture.keras_model import KerasModel
from core.architecture.layers import Layer, Rescaling, Sigmoid, Softmax
from core.architecture.merge import Add, Arithmetic
from core.errors import ModelFileError, SpecError
from core.models.layer_store import find_layers, read_layers_file
from core.models.model_info import EXAMPLE_SIDE

PROBABILITIES = "probabilities"
"""Name of the softmax or sigmoid that is added to a model of logits."""
_VALUE_RANGE = "value_range"


def list_backbone_layers(model: str, cut: str, side: int | None) -> list[Node]:
    """Return the layers of a model up to a cut, after a layer that scales images between 0 and 1 to its value range.

    Args:
        model: NAME or NAME:FINGERPRINT.
        cut: name of a layer; empty for the default of the model.
        side: of the images; for models that accept images of any size.

    Raises:
        SpecError: when the model or the layer is not known in this home.
    """
    try:
        return _read_backbone(find_layers(model), cut, side or EXAMPLE_SIDE)
    except ModelFileError as error:
        raise SpecError(str(error)) from None


def name_layer(name: str) -> str:
    """Return the name of a layer in a model of Headroom: Keras allows no slash, which marks layers of nested models."""
    return name.replace("/", "-")


def list_model_layers(model: str, side: int | None) -> list[Node]:
    """Return all layers of a model, after one that scales images between 0 and 1 to its value range.

    The last layer is a softmax, or a sigmoid if the model returns one value; a model of logits gets one.

    Raises:
        SpecError: when the layers are not known in this home, or the model does not return one score per class.
    """
    try:
        saved, value_range = read_layers_file(find_layers(model), side or EXAMPLE_SIDE)
        if len(saved.outputs) != 1 or len(saved.rows[-1].output_shape) != 1:
            raise SpecError("The model does not return one list of scores per image, so it cannot be evaluated.")
        nodes = list_nodes(saved, saved.outputs[0], value_range)
    except ModelFileError as error:
        raise SpecError(str(error)) from None
    return _end_in_probabilities(nodes, saved.rows[-1].output_shape[0])


def _end_in_probabilities(nodes: list[Node], scores: int) -> list[Node]:
    last = nodes[-1].layer
    activation = getattr(last, "activation", "linear") if not isinstance(last, Activation) else last.activation
    if isinstance(last, Softmax | Sigmoid):
        return nodes
    if activation not in ("linear", "softmax", "sigmoid") or (activation == "sigmoid" and scores > 1):
        raise SpecError(f"The last layer of the model has the activation {activation!r:.40}, not softmax or sigmoid.")
    if isinstance(last, Activation):
        before = nodes[:-1]
    else:
        before = [*nodes[:-1], replace(nodes[-1], layer=cast(Layer, replace(cast(Any, last), activation="linear")))]
    end = Sigmoid(name=PROBABILITIES) if scores == 1 else Softmax(name=PROBABILITIES)
    return [*before, Node(end, (before[-1].layer.name,))]


def _read_backbone(path: Path, cut: str, side: int) -> list[Node]:
    saved, value_range = read_layers_file(path, side)
    last = cut or saved.cut
    names = [found.layer for found in saved.cuts]
    if last not in names:
        shown = ", ".join(names[-5:])
        raise SpecError(f"Cannot cut the model after {last!r:.80}. Choose one of its layers, such as: {shown}.")
    return list_nodes(saved, last, value_range)


def list_nodes(model: KerasModel, last: str, value_range: tuple[float, float]) -> list[Node]:
    """Return the layers that the output of layer `last` needs, after one that scales images to the value range.

    Raises:
        SpecError: when one of them is called twice or has no layer of Keras, or several inputs are needed.
    """
    needed, rows = {last}, []
    for row, layer in zip(reversed(model.rows), reversed(model.layers), strict=True):
        if row.name in needed:
            rows.append((row, layer))
            needed |= {*row.inputs}
    if shared := {row.name for row, _ in rows} & {*model.list_shared()}:
        own_name = min(shared).rpartition("@")[0]
        raise SpecError(f"Layer {own_name!r:.80} is used twice, which heads and evaluations do not support.")
    if uncomputed := next((each for each in model.uncomputed if each[0] in {row.name for row, _ in rows}), None):
        name, argument = uncomputed
        raise SpecError(f"Layer {name!r:.80} has the setting {argument}, which heads and evaluations do not support.")
    (source, shape), *others = model.inputs
    if any(name in needed for name, _ in others):
        raise SpecError("The model has several inputs.")
    low, high = value_range
    nodes = [Node(Rescaling(high - low, (low,) * shape[-1], name=_VALUE_RANGE), (INPUT,))]
    names_of = {source: _VALUE_RANGE}
    for row, layer in reversed(rows):
        inputs = tuple(names_of[name] for name in row.inputs)
        if isinstance(layer, TrainingOnly):  # augmentation is a setting of the run
            names_of[row.name] = inputs[0]
            continue
        names_of[row.name] = name = name_layer(row.name)
        layer = cast(Layer, replace(cast(Any, layer), name=name))
        nodes += _express(layer, inputs) if isinstance(layer, Arithmetic) else [Node(layer, inputs, not row.frozen)]
    return nodes


def _express(operation: Arithmetic, inputs: tuple[str, ...]) -> list[Node]:
    """Return an operation on tensors as layers of Keras."""
    name = operation.name
    if operation.kind == "CustomScaleLayer" and operation.number is not None:
        scaled = f"{name}-scaled"
        return [Node(Rescaling(operation.number, name=scaled), inputs[1:]), Node(Add(name), (inputs[0], scaled))]
    layer: Layer | None = operation.as_rescaling() if len(inputs) == 1 else cast(Layer | None, operation.as_merge())
    if layer is None:
        raise SpecError(
            f"Layer {name!r:.80} computes {operation.kind:.40} in a form that heads and evaluations do not support."
        )
    return [Node(layer, inputs)]
