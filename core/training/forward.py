"""Forward pass of a model, in training and in evaluation."""

from collections.abc import Callable
from itertools import zip_longest

import keras
import tensorflow as tf

from core.training import winograd
from core.training.convolve import can_pool_first, convolve, convolve_and_pool, crop_unpooled, is_supported
from core.training.device import has_gpu
from core.training.dropout import drop_activations
from core.training.input_data import scale
from core.training.pool import is_plain, max_pool

ConvolveAndPool = Callable[[keras.layers.Conv2D, tf.Tensor], tf.Tensor]


def list_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a model in the order in which they are computed, without its input."""
    return [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]


def compute_outputs(
    model: keras.Model,
    images: tf.Tensor,
    *,
    training: bool,
    first: int = 0,
    last: int | None = None,
    logits: bool = False,
) -> tf.Tensor:
    """Return the output of the layers `first` to `last` (exclusive) for images, or for the input maps of layer `first`.

    Layers before `first` have no other outputs that later layers read. The last layer returns probabilities, float32,
    shape (batch, classes), or logits if `logits` is True; for the binary loss always logits, shape (batch, 1). A frozen
    backbone stays in inference mode.
    """
    maps = scale(images)
    layers = list_layers(model)
    sources = None if isinstance(model, keras.Sequential) else list_sources(layers)
    outputs: dict[str, tf.Tensor] = {}
    chosen, pooled = layers[first:last], False
    for index, (layer, following) in enumerate(zip_longest(chosen, chosen[1:]), first):
        if pooled:  # with the convolution before it
            pooled = False
            continue
        is_sigmoid = isinstance(layer, keras.layers.Activation)
        if index == len(layers) - 1 and (is_sigmoid or (logits and isinstance(layer, keras.layers.Softmax))):
            return maps
        read = maps
        if sources and index > first:
            found = [outputs.get(name, maps) for name in sources[index]]
            read = found if len(found) > 1 else found[0]
        if sources is None and not has_gpu() and is_plain(following) and isinstance(layer, keras.layers.Conv2D):
            if can_pool_first(layer) and (faster := _find_faster(layer, read, training)):
                maps, pooled = faster(layer, read), True
                continue
            read = crop_unpooled(layer, read)
        maps = _call_in_training(layer, read) if training and layer.trainable else layer(read, training=False)
        outputs[layer.name] = maps
    return maps


def list_sources(layers: list[keras.layers.Layer]) -> list[list[str]]:
    """Return the names of the layers that each layer of a functional model reads."""
    return [
        [tensor._keras_history.operation.name for tensor in layer._inbound_nodes[0].input_tensors] for layer in layers
    ]


def _find_faster(layer: keras.layers.Conv2D, maps: tf.Tensor, training: bool) -> ConvolveAndPool | None:
    """Return a function that computes a convolution and the pooling after it faster than TensorFlow, if there is one.

    Winograd's needs memory of four times its input and output, so it is not used for the large batches of evaluation.
    """
    if is_supported(layer, maps):
        return convolve_and_pool
    return winograd.filter_and_pool if training and winograd.is_faster(layer, maps) else None


def _call_in_training(layer: keras.layers.Layer, maps: tf.Tensor) -> tf.Tensor:
    """Return `layer(maps, training=True)`, with a faster implementation if one is available."""
    if isinstance(layer, keras.layers.Dropout) and layer.noise_shape is None:
        return drop_activations(maps, layer.rate, layer.seed_generator.next())
    if has_gpu() or isinstance(maps, list):
        return layer(maps, training=True)
    if is_plain(layer):
        return max_pool(maps)
    if is_supported(layer, maps):
        return convolve(layer, maps)
    return layer(maps, training=True)


def to_probs(outputs: tf.Tensor) -> tf.Tensor:
    """Return outputs as probabilities, shape (batch, classes); a single logit is converted to two classes."""
    if outputs.shape[-1] > 1:
        return outputs
    positive = tf.sigmoid(outputs)
    return tf.concat((1.0 - positive, positive), axis=-1)
