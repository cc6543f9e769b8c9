"""Layers, settings and version of a live Keras model, read without importing Keras."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

_MAX_CONFIG = 4_000_000


def read_layers(model: Any) -> list[dict[str, Any]]:
    """Return name, type, output shape and parameter counts of each layer. Shared weights count once."""
    seen: set[int] = set()
    rows = []
    for layer in model.layers:
        trainable, non_trainable = _count(layer, seen)
        shape = _read_shape(layer)
        rows.append(
            {
                "name": layer.name,
                "type": type(layer).__name__,
                "output_shape": shape,
                "trainable": trainable,
                "non_trainable": non_trainable,
            }
        )
    rest = _count(model, seen)
    if any(rest):
        row = {"name": model.name, "type": type(model).__name__, "output_shape": []}
        rows.append({**row, "trainable": rest[0], "non_trainable": rest[1]})
    return rows


def read_config(model: Any) -> str:
    """Return the layers and their connections as JSON; empty for a subclassed model and one that contains code."""
    try:
        config = json.loads(model.to_json(), object_hook=_drop_object_id)
        text = json.dumps({name: value for name, value in config.items() if name != "compile_config"})
    except Exception:  # such a model has no config, or one of its layers has none
        return ""
    return text if len(text) <= _MAX_CONFIG and "__lambda__" not in text else ""


def _drop_object_id(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config without the address in memory of an object."""
    return {name: value for name, value in config.items() if name != "shared_object_id"}


def _count(owner: Any, seen: set[int]) -> tuple[int, int]:
    """Return the numbers of trainable and non-trainable parameters whose weights were not seen before."""
    counts = []
    for weights in (owner.trainable_weights, owner.non_trainable_weights):
        fresh = [weight for weight in weights if id(weight) not in seen]
        seen.update(map(id, fresh))
        counts.append(sum(math.prod(map(int, weight.shape)) for weight in fresh))
    return counts[0], counts[1]


def _read_shape(layer: Any) -> list[int]:
    """Return the output shape without the batch axis; a side that depends on the input is 0."""
    try:
        output = layer.output
        shape = (output[0] if isinstance(output, (list, tuple)) else output).shape
        return [int(side or 0) for side in tuple(shape)[1:]]
    except Exception:  # a layer that was never called, or of a subclassed model
        return []


def read_learning_rate(model: Any) -> float | None:
    """Return the current learning rate; None if the optimizer does not tell."""
    try:
        rate = model.optimizer.learning_rate
        if callable(rate):  # a schedule of tf.keras 2
            rate = rate(model.optimizer.iterations)
        for method in ("detach", "cpu", "numpy"):
            rate = getattr(rate, method)() if hasattr(rate, method) else rate
        return float(rate)
    except Exception:
        return None


def read_settings(model: Any, params: Any) -> dict[str, str]:
    """Return the optimizer, the loss and the batch size."""
    found: dict[str, object] = {}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        found["optimizer"] = type(optimizer).__name__
    loss = getattr(model, "loss", None)
    if loss is not None:
        found["loss"] = loss if isinstance(loss, str) else getattr(loss, "name", type(loss).__name__)
    for name in ("epochs", "steps"):
        if isinstance(params, dict) and params.get(name) is not None:
            found[name if name == "epochs" else "steps per epoch"] = params[name]
    return {name: str(value)[:200] for name, value in found.items()}


def read_library(model: Any) -> str:
    """Return the name and the version of the Keras that a model belongs to, with its backend."""
    packages = [kind.__module__.partition(".")[0] for kind in type(model).__mro__]
    package = next((name for name in packages if name in ("keras", "tf_keras", "tensorflow")), "keras")
    module = sys.modules.get(package)
    version = getattr(module, "__version__", "")
    backend = getattr(getattr(module, "backend", None), "backend", None)
    named = f" ({backend()})" if package == "keras" and callable(backend) else ""
    return f"{package} {version}{named}".strip()
