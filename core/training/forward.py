"""A model's answer to some images, in training and in evaluation."""

import keras
import tensorflow as tf

from core.training.convolve import convolve, is_supported
from core.training.device import has_gpu
from core.training.dropout import drop_activations
from core.training.input_data import scale
from core.training.pool import max_pool


def compute_outputs(
    model: keras.Sequential, images: tf.Tensor, *, training: bool, first: int = 0, last: int | None = None
) -> tf.Tensor:
    """What the layers from number `first` up to `last` make of images, or of the maps before the first of them.

    With all layers to the end these are probabilities, float32 of shape (batch, classes), or the logit of a model that
    has one, of shape (batch, 1).

    A frozen backbone stays in inference mode.
    """
    maps = scale(images)
    for layer in model.layers[first:last]:
        if isinstance(layer, keras.layers.Activation):
            return maps
        maps = _learn(layer, maps) if training and layer.trainable else layer(maps, training=False)
    return maps


def _learn(layer: keras.layers.Layer, maps: tf.Tensor) -> tf.Tensor:
    """`layer(maps, training=True)`, by the faster way where there is one."""
    if isinstance(layer, keras.layers.Dropout):
        return drop_activations(maps, layer.rate, layer.seed_generator.next())
    if has_gpu():
        return layer(maps, training=True)
    if isinstance(layer, keras.layers.MaxPooling2D) and layer.pool_size == (2, 2):
        return max_pool(maps)
    if is_supported(layer, maps):
        return convolve(layer, maps)
    return layer(maps, training=True)


def to_probs(outputs: tf.Tensor) -> tf.Tensor:
    """Outputs as probabilities of shape (batch, classes): one logit stands for two classes."""
    if outputs.shape[-1] > 1:
        return outputs
    yes = tf.sigmoid(outputs)
    return tf.concat((1.0 - yes, yes), axis=-1)
