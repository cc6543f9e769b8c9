"""Layers of an added model as those of a model of Headroom: up to a cut, or all of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from core.architecture.elementwise import Activation, TrainingOnly
from core.architecture.graph import INPUT, Node
from core.architecture.keras_cut import find_last_maps
from core.architecture.keras_model import KerasModel
from core.architecture.layers import Layer, Rescaling, Sigmoid, Softmax
from core.architecture.merge import Add, Arithmetic, CustomScaleLayer
from core.errors import ModelFileError, SpecError
from core.home import Home
from core.models.layer_store import find_layers, read_layers_file
from core.models.model_info import EXAMPLE_SIDE, MODEL, read_model_info, split_reference
from core.spec import RunSpec

PROBABILITIES = "probabilities"
"""Name of the softmax or sigmoid that is added to a model of logits."""
_VALUE_RANGE = "value_range"


def pin_model(home: Home, spec: RunSpec) -> RunSpec:
    """Return the spec with the fingerprint and the cut of its model; unchanged if its backbone is no model of the user.

    Raises:
        ModelFileError: when the model is missing, or another one has its name now.
    """
    if spec.backbone != MODEL:
        return spec
    name, fingerprint = split_reference(spec.model)
    info = read_model_info(home, name)
    if fingerprint not in ("", info.fingerprint):
        raise ModelFileError(
            f"Model {name} is another one now: its fingerprint is {info.fingerprint}, {fingerprint} in the run."
        )
    return spec.replace(model=info.reference, cut=_choose_cut(home, spec))


def list_backbone_layers(spec: RunSpec) -> list[Node]:
    """Return the layers of the model of a spec up to its cut, after one that scales images to its value range.

    Raises:
        SpecError: when the model or the layer is not known in this home.
    """
    try:
        return _read_backbone(find_layers(spec.model), _choose_cut(Home.default(), spec))
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


def _read_backbone(path: Path, cut: str) -> list[Node]:
    saved, value_range = read_layers_file(path, EXAMPLE_SIDE)
    last = cut or find_last_maps([(found.layer, found.shape) for found in saved.cuts], len(saved.input_shape))
    names = [found.layer for found in saved.cuts]
    if last not in names:
        shown = ", ".join(names[-5:])
        raise SpecError(f"Cannot cut the model after {last!r:.80}. Choose one of its layers, such as: {shown}.")
    return list_nodes(saved, last, value_range)


def _choose_cut(home: Home, spec: RunSpec) -> str:
    """Return the cut of a spec; of one without cut and fingerprint the default cut of its model.

    It is empty for the last feature maps, where the model is cut in the specs of runs that name no layer.
    """
    name, fingerprint = split_reference(spec.model)
    if spec.cut or fingerprint:
        return spec.cut
    info = read_model_info(home, name)
    return "" if info.cut == find_last_maps(info.cuts, len(info.input_shape)) else info.cut


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
        if isinstance(layer, CustomScaleLayer):
            scaled = Node(Rescaling(layer.scale, name=f"{name}-scaled"), inputs[1:])
            nodes += [scaled, Node(Add(name), (inputs[0], scaled.layer.name))]
        elif isinstance(layer, Arithmetic):
            nodes.append(Node(_express(layer, len(inputs)), inputs))
        else:
            nodes.append(Node(layer, inputs, not row.frozen))
    return nodes


def _express(operation: Arithmetic, inputs: int) -> Layer:
    """Return an operation on tensors as a layer of Keras."""
    layer: Layer | None = operation.as_rescaling() if inputs == 1 else cast(Layer | None, operation.as_merge())
    if layer is None:
        raise SpecError(
            f"Layer {operation.name!r:.80} computes {operation.kind:.40} in a form that heads and evaluations do not "
            "support."
        )
    return layer
