"""A model's answer to some images, in training and in evaluation."""

import keras
import tensorflow as tf

from core.training.device import has_gpu
from core.training.input import scale
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
        if training and isinstance(layer, keras.layers.MaxPooling2D) and layer.pool_size == (2, 2) and not has_gpu():
            maps = max_pool(maps)  # the faster one where there is a gradient to compute
        else:
            maps = layer(maps, training=training and layer.trainable)
    return maps


def to_probs(outputs: tf.Tensor) -> tf.Tensor:
    """Outputs as probabilities of shape (batch, classes): one logit stands for two classes."""
    if outputs.shape[-1] > 1:
        return outputs
    yes = tf.sigmoid(outputs)
    return tf.concat((1.0 - yes, yes), axis=-1)
