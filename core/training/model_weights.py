"""Weights of a model of the user, copied to the layers of a backbone that was built from its config."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.architecture.model import Model
from core.errors import TrainingError
from core.models.own_layers import name_layer
from core.training.forward import compute_outputs, list_layers, to_probs

_TOLERANCE = 1e-3  # relative to the largest output
_IMAGES, _SIDE = 2, 64  # images, and their side if the model accepts any


def copy_weights(path: Path, model: keras.Model, closed: Model) -> None:
    """Copy the weights of the backbone by layer name, then check that it returns what the model returns at the cut.

    Keras loads the file in safe mode: nothing in it is executed.

    Raises:
        TrainingError: when the file cannot be loaded, or the backbone does not compute the same.
    """
    name = closed.spec.model.partition(":")[0]
    count = sum(row.part == "backbone" for row in closed.rows)
    source, layers = _load(path, name)
    _assign(name, layers, model, count)
    _check_outputs(name, source, layers[closed.rows[count - 1].name], model, count)


def copy_all_weights(path: Path, model: keras.Model, name: str, count: int, order: Sequence[int]) -> None:
    """Copy the weights of the first `count` layers of a model that was built from all layers of a file.

    Args:
        order: for each class of the dataset, the position of its score in the outputs of the file.

    Raises:
        TrainingError: when the file cannot be loaded, the layers do not compute the same, or the scores cannot be
            reordered.
    """
    source, layers = _load(path, name)
    _assign(name, layers, model, count)
    built = list_layers(model)
    images = _draw_images(source)
    scores = source(built[0](images.astype(np.float32) / 255), training=False)
    found = to_probs(compute_outputs(model, tf.constant(images), training=False)).numpy()[:, -scores.shape[-1] :]
    activate = tf.sigmoid if scores.shape[-1] == 1 else tf.nn.softmax
    if not any(_is_close(found, given.numpy()) for given in (scores, activate(scores))):
        raise TrainingError(f"The layers of model {name} return other values in Headroom than in Keras.")
    if list(order) != sorted(order):
        _reorder(name, [layer for layer in built if layer.weights][-1], order)


def _load(path: Path, name: str) -> tuple[keras.Model, dict[str, keras.layers.Layer]]:
    try:
        source = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TrainingError(f"Keras cannot load model {name}: {text:.160}") from None
    for layer in source._flatten_layers():  # Headroom computes in float32, also what was trained in float16
        if not isinstance(layer, keras.Model):
            layer.dtype_policy = "float32"
    return source, dict(_list_named(source, ""))


def _assign(name: str, layers: Mapping[str, keras.layers.Layer], model: keras.Model, count: int) -> None:
    for layer in list_layers(model)[:count]:
        if not layer.weights:
            continue
        try:
            set_layer_weights(layer, layers[layer.name].get_weights())
        except (KeyError, ValueError) as error:
            raise TrainingError(f"Model {name} has no weights for layer {layer.name}: {error!s:.120}") from None


def set_layer_weights(layer: keras.layers.Layer, arrays: Sequence[NDArray[Any]]) -> None:
    """Set the weights of a layer; a Normalization layer computes with copies of its weights, which this updates."""
    layer.set_weights(arrays)
    if isinstance(layer, keras.layers.Normalization):
        layer.finalize_state()


def _reorder(name: str, layer: keras.layers.Layer, order: Sequence[int]) -> None:
    """Change the order of the scores, which are the last axis of all weights of a Dense layer or a convolution."""
    weights = layer.get_weights()
    if not isinstance(layer, keras.layers.Dense | keras.layers.Conv2D) or weights[0].shape[-1] != len(order):
        raise TrainingError(
            f"The scores of model {name} cannot be reordered. Name the classes of the dataset in its order."
        )
    layer.set_weights([weight[..., list(order)] for weight in weights])


def _list_named(model: keras.Model, prefix: str) -> Iterator[tuple[str, keras.layers.Layer]]:
    """Yield the layers of a model and of the models in it by their names in a backbone.

    Also yields operations that are no layers, such as a sum that was written with +.
    """
    for layer in getattr(model, "operations", model.layers):
        name = f"{prefix}{layer.name}"
        if isinstance(layer, keras.Model):
            yield from _list_named(layer, f"{name}/")
        else:
            yield name_layer(name), layer


def _check_outputs(name: str, source: keras.Model, last: keras.layers.Layer, model: keras.Model, count: int) -> None:
    """Compare the outputs at the cut for random images of the size that the model of the user expects."""
    images = _draw_images(source)
    expected = _capture(source, last, list_layers(model)[0](images.astype(np.float32) / 255))
    found = compute_outputs(model, tf.constant(images), training=False, last=count).numpy()
    if not _is_close(found, expected):
        raise TrainingError(
            f"The layers of model {name} return other values in Headroom than in Keras, so it cannot be a backbone. "
            "Choose an earlier cut."
        )


def _draw_images(model: keras.Model) -> NDArray[np.uint8]:
    shape = [size or _SIDE for size in model.inputs[0].shape[1:]]
    return np.random.default_rng(0).integers(0, 256, (_IMAGES, *shape), np.uint8)


def _is_close(found: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    if found.shape != expected.shape:
        return False
    return bool(np.abs(found - expected).max() <= _TOLERANCE * max(1.0, float(np.abs(expected).max())))


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
