"""Layers of the models that were ever added, by fingerprint: `<home>/models/.layers/<fingerprint>.json`.

They are small and stay when a model is removed, so that its runs can still be read.
"""

import hashlib
import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from core.architecture.elementwise import Activation, TrainingOnly
from core.architecture.graph import INPUT, Node
from core.architecture.keras_model import KerasModel, read_keras_model
from core.architecture.layers import Layer, Rescaling, Sigmoid, Softmax
from core.errors import ModelFileError, SpecError
from core.files import parse_json, read_file, write_json
from core.home import Home
from core.models.model_info import read_model_info, split_reference

_SIDE = 224  # of models that accept images of any size
_VALUE_RANGE = "value_range"
_other_homes: list[Home] = []


def register_home(home: Home) -> None:
    """Also look for layers in this home, in processes whose home is not that of the environment."""
    if home not in _other_homes:
        _other_homes.append(home)


def write_layers(home: Home, config: dict[str, Any], value_range: tuple[float, float], weights: str) -> str:
    """Store the config of a model under its fingerprint, and return that.

    Args:
        weights: SHA-256 of the file of weights.
    """
    fingerprint = compute_model_fingerprint(config, value_range, weights)
    path = layers_path(home, fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"value_range": list(value_range), "weights": weights, "config": config})
    return fingerprint


def compute_model_fingerprint(config: dict[str, Any], value_range: tuple[float, float], weights: str) -> str:
    """Return the first 16 hex digits of the SHA-256 of layers, weights and value range."""
    layers = json.loads(json.dumps(config), object_hook=_drop_object_id)["config"]
    content = json.dumps([layers, value_range], sort_keys=True) + weights
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _drop_object_id(config: dict[str, object]) -> dict[str, object]:
    """Return a config without the address in memory that an object had when Keras saved it."""
    return {name: value for name, value in config.items() if name != "shared_object_id"}


def layers_path(home: Home, fingerprint: str) -> Path:
    return home.models / ".layers" / f"{fingerprint}.json"


def check_layers(path: Path) -> None:
    """Check that a file of layers, from another home, has the fingerprint of its name.

    Raises:
        SpecError, ModelFileError: when it is invalid.
    """
    _, value_range = _open(path, _SIDE)
    values = parse_json(read_file(path))
    if compute_model_fingerprint(values["config"], value_range, str(values.get("weights"))) != path.stem:
        raise SpecError(f"The layers in {path.name} do not match their fingerprint.")


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
        return _read_backbone(_find(*split_reference(model)), cut, side or _SIDE)
    except ModelFileError as error:
        raise SpecError(str(error)) from None


def name_layer(name: str) -> str:
    """Return the name of a layer in a model of Headroom: Keras allows no slash, which marks layers of nested models."""
    return name.replace("/", "-")


def _find(name: str, fingerprint: str) -> Path:
    homes = [Home.default(), *_other_homes]
    if not fingerprint:
        fingerprint = read_model_info(homes[0], name).fingerprint
    for home in homes:
        path = layers_path(home, fingerprint)
        if path.is_file():
            return path
    raise SpecError(
        f"The layers of model {name} ({fingerprint}) are not in this home. Add its file with: headroom models add "
        f"{name} FILE"
    )


def list_model_layers(model: str, side: int | None) -> list[Node]:
    """Return all layers of a model, after one that scales images between 0 and 1 to its value range.

    The last layer is a softmax, or a sigmoid if the model returns one value; a model of logits gets one.

    Raises:
        SpecError: when the layers are not known in this home, or the model does not return one score per class.
    """
    try:
        saved, value_range = _open(_find(*split_reference(model)), side or _SIDE)
        if len(saved.outputs) != 1 or len(saved.rows[-1].output_shape) != 1:
            raise SpecError("The model does not return one list of scores per image, so it cannot be evaluated.")
        nodes = _list_nodes(saved, saved.outputs[0], value_range)
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
    end = Sigmoid(name="probabilities") if scores == 1 else Softmax(name="probabilities")
    return [*before, Node(end, (before[-1].layer.name,))]


def _read_backbone(path: Path, cut: str, side: int) -> list[Node]:
    saved, value_range = _open(path, side)
    last = cut or saved.cut
    names = [found.layer for found in saved.cuts]
    if last not in names:
        shown = ", ".join(names[-5:])
        raise SpecError(f"Cannot cut the model after {last!r:.80}. Choose one of its layers, such as: {shown}.")
    return _list_nodes(saved, last, value_range)


def _open(path: Path, side: int) -> tuple[KerasModel, tuple[float, float]]:
    found = path.stat()
    return _read(path, side, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, side: int, modified: int, size: int) -> tuple[KerasModel, tuple[float, float]]:
    try:
        values = parse_json(read_file(path))
        low, high = map(float, values["value_range"])
        text = json.dumps(values["config"]).encode()
    except (OSError, ValueError, KeyError, TypeError):
        raise SpecError(f"The layers in {path.name} are damaged. Remove the model and add it again.") from None
    return read_keras_model(text, side=side, label="The model"), (low, high)


def _list_nodes(model: KerasModel, last: str, value_range: tuple[float, float]) -> list[Node]:
    """Return the layers that the output of layer `last` needs."""
    needed, rows = {last}, []
    for row, layer in zip(reversed(model.rows), reversed(model.layers), strict=True):
        if row.name in needed:
            rows.append((row, layer))
            needed |= {*row.inputs}
    if shared := next((row.name for row, _ in rows if "@" in row.name), None):
        raise SpecError(f"Layer {shared.partition('@')[0]!r:.80} is used twice; such a model cannot be used.")
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
        nodes.append(Node(cast(Layer, replace(cast(Any, layer), name=name)), inputs, not row.frozen))
    return nodes
