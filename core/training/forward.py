"""Forward pass of a model, in training and in evaluation."""

from collections.abc import Sequence
from functools import partial

import keras
import tensorflow as tf

from core.training import winograd
from core.training.convolve import (
    can_pool_first,
    convolve,
    convolve_and_pool,
    crop_unpooled,
    is_supported,
    pool_plainly,
)
from core.training.device import has_gpu
from core.training.dropout import drop_activations
from core.training.input_data import scale
from core.training.pool import is_compiled, is_plain, pool_corners, pool_maps


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
    chosen, done = layers[first:last], first
    for index, layer in enumerate(chosen, first):
        if index < done:  # with the convolution before it
            continue
        is_sigmoid = isinstance(layer, keras.layers.Activation)
        if index == len(layers) - 1 and (is_sigmoid or (logits and isinstance(layer, keras.layers.Softmax))):
            return maps
        read = maps
        if sources and index > first:
            found = [outputs.get(name, maps) for name in sources[index]]
            read = found if len(found) > 1 else found[0]
        if sources is None and not has_gpu() and (block := _call_block(chosen[index - first :], read, training)):
            maps, count = block
            done = index + count
            continue
        maps = _call_in_training(layer, read) if training and layer.trainable else layer(read, training=False)
        outputs[layer.name] = maps
    return maps


def list_sources(layers: list[keras.layers.Layer]) -> list[list[str]]:
    """Return the names of the layers that each layer of a functional model reads."""
    return [
        [tensor._keras_history.operation.name for tensor in layer._inbound_nodes[0].input_tensors] for layer in layers
    ]


def _call_block(layers: Sequence[keras.layers.Layer], maps: tf.Tensor, training: bool) -> tuple[tf.Tensor, int] | None:
    """Return the output of a convolution with the max pooling and the dropout after it, and the number of these layers,
    if they start a sequence of layers and are computed faster together."""
    layer, *following = layers
    if not isinstance(layer, keras.layers.Conv2D) or not following or not is_plain(following[0]):
        return None
    if not can_pool_first(layer):
        return layer(crop_unpooled(layer, maps), training=training), 1
    rows, columns = following[0].compute_output_shape(layer.compute_output_shape(maps.shape))[1:3]
    compiled = training and is_compiled(rows, columns, layer.filters)
    dropout = following[1] if compiled and len(following) > 1 and _is_dropout(following[1]) else None
    bias, relu = layer.bias if layer.use_bias else None, layer.activation is keras.activations.relu
    pool = partial(pool_plainly, layer)
    if compiled:
        pool = partial(pool_corners, bias=bias, relu=relu, dropout=dropout)
    if is_supported(layer, maps):
        maps = convolve_and_pool(layer, maps, pool)
    elif training and winograd.is_faster(layer, maps):  # too much memory for the large batches of evaluation
        maps = winograd.filter_and_pool(layer, maps, pool)
    elif compiled:
        maps = layer.convolution_op(crop_unpooled(layer, maps), layer.kernel)
        maps = pool_maps(maps, bias, relu=relu, dropout=dropout)
    else:
        return layer(crop_unpooled(layer, maps), training=training), 1
    return maps, 3 if dropout else 2


def _is_dropout(layer: keras.layers.Layer) -> bool:
    """Return whether the layer drops single values in training."""
    return isinstance(layer, keras.layers.Dropout) and layer.noise_shape is None and layer.trainable and layer.rate > 0


def _call_in_training(layer: keras.layers.Layer, maps: tf.Tensor) -> tf.Tensor:
    """Return `layer(maps, training=True)`, with a faster implementation if one is available."""
    if _is_dropout(layer):
        return drop_activations(maps, layer.rate, layer.seed_generator.next())
    if has_gpu() or isinstance(maps, list):
        return layer(maps, training=True)
    if is_plain(layer) and is_compiled(*layer.compute_output_shape(maps.shape)[1:]):
        return pool_maps(maps)
    if is_supported(layer, maps):
        return convolve(layer, maps)
    return layer(maps, training=True)


def to_probs(outputs: tf.Tensor) -> tf.Tensor:
    """Return outputs as probabilities, shape (batch, classes); a single logit is converted to two classes."""
    if outputs.shape[-1] > 1:
        return outputs
    positive = tf.sigmoid(outputs)
    return tf.concat((1.0 - positive, positive), axis=-1)
