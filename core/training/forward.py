"""Forward pass of a model, in training and in evaluation."""

import keras
import tensorflow as tf

from core.training.convolve import convolve, is_supported
from core.training.device import has_gpu
from core.training.dropout import drop_activations
from core.training.input_data import scale
from core.training.pool import is_plain, max_pool


def compute_outputs(
    model: keras.Sequential,
    images: tf.Tensor,
    *,
    training: bool,
    first: int = 0,
    last: int | None = None,
    logits: bool = False,
) -> tf.Tensor:
    """Return the output of the layers `first` to `last` (exclusive) for images, or for the input maps of layer `first`.

    The last layer returns probabilities, float32, shape (batch, classes), or logits if `logits` is True; for the
    binary loss always logits, shape (batch, 1). A frozen backbone stays in inference mode.
    """
    maps = scale(images)
    for layer in model.layers[first:last]:
        if isinstance(layer, keras.layers.Activation) or (logits and isinstance(layer, keras.layers.Softmax)):
            return maps
        maps = _call_in_training(layer, maps) if training and layer.trainable else layer(maps, training=False)
    return maps


def _call_in_training(layer: keras.layers.Layer, maps: tf.Tensor) -> tf.Tensor:
    """Return `layer(maps, training=True)`, with a faster implementation if one is available."""
    if isinstance(layer, keras.layers.Dropout):
        return drop_activations(maps, layer.rate, layer.seed_generator.next())
    if has_gpu():
        return layer(maps, training=True)
    if isinstance(layer, keras.layers.MaxPooling2D) and is_plain(layer):
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
