"""Weights of a model of the user, copied to the layers of a backbone that was built from its config."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.architecture.model import Model
from core.errors import TrainingError
from core.models.layer_store import name_layer
from core.training.forward import compute_outputs, list_layers

_TOLERANCE = 1e-3  # relative to the largest output
_IMAGES, _SIDE = 2, 64  # images, and their side if the model accepts any


def copy_weights(path: Path, model: keras.Model, closed: Model) -> None:
    """Copy the weights by layer name, then check that the backbone returns what the model returns at the cut.

    Keras loads the file in safe mode: nothing in it is executed.

    Raises:
        TrainingError: when the file cannot be loaded, or the backbone does not compute the same.
    """
    name = closed.spec.model.partition(":")[0]
    try:
        source = keras.models.load_model(path, compile=False, safe_mode=True)
        layers = dict(_list_named(source, ""))
        backbone = [row.name for row in closed.rows if row.part == "backbone"]
        for layer in list_layers(model)[: len(backbone)]:
            if layer.weights:
                layer.set_weights(layers[layer.name].get_weights())
    except Exception as error:  # Keras raises many kinds
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TrainingError(f"Cannot load the weights of model {name}: {text:.160}") from None
    _check_outputs(name, source, layers[backbone[-1]], model, len(backbone))


def _list_named(model: keras.Model, prefix: str) -> Iterator[tuple[str, keras.layers.Layer]]:
    """Yield the layers of a model and of the models in it by their names in a backbone."""
    for layer in model.layers:
        name = f"{prefix}{layer.name}"
        if isinstance(layer, keras.Model):
            yield from _list_named(layer, f"{name}/")
        else:
            yield name_layer(name), layer


def _check_outputs(name: str, source: keras.Model, last: keras.layers.Layer, model: keras.Model, count: int) -> None:
    """Compare the outputs at the cut for random images of the size that the model of the user expects."""
    shape = [size or _SIDE for size in source.inputs[0].shape[1:]]
    images = np.random.default_rng(0).integers(0, 256, (_IMAGES, *shape), np.uint8)
    first = list_layers(model)[0]
    expected = _capture(source, last, first(images.astype(np.float32) / 255))
    found = compute_outputs(model, tf.constant(images), training=False, last=count).numpy()
    difference = float(np.abs(found - expected).max()) if found.shape == expected.shape else np.inf
    if not difference <= _TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise TrainingError(
            f"The layers of model {name} return other values in Headroom than in Keras (difference {difference:.3g}), "
            "so it cannot be a backbone. Choose an earlier cut."
        )


def _capture(model: keras.Model, layer: keras.layers.Layer, images: tf.Tensor) -> NDArray[np.float32]:
    """Return what a layer, perhaps of a nested model, returns while the model reads images."""
    outputs: list[tf.Tensor] = []
    call = layer.call

    def record(*inputs: Any, **options: Any) -> tf.Tensor:
        outputs.append(call(*inputs, **options))
        return outputs[-1]

    layer.call = record
    try:
        model(images, training=False)
    finally:
        layer.call = call
    return outputs[0].numpy()
