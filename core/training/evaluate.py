"""Class probabilities of the images of a split."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.training.forward import compute_outputs, to_probs
from core.training.input_data import Split, describe_data

_BATCH = 200
_BATCH_BYTES = 8_000_000

ComputeProbs = Callable[[Split], NDArray[np.float32]]


def compile_probs(model: keras.Model, images: NDArray[np.generic], first: int = 0) -> ComputeProbs:
    """Return a function that computes the probabilities of a split, float32, shape (images, classes). It is traced only
    once for any number of images.

    Args:
        images: images with the shape and type of those in the splits.
        first: index of the layer that receives the images of the split.
    """

    @tf.function(input_signature=[describe_data(images)], autograph=False)
    def compute(images: tf.Tensor) -> tf.Tensor:
        return to_probs(compute_outputs(model, images, training=False, first=first))

    def compute_probs(split: Split) -> NDArray[np.float32]:
        return np.concatenate([compute(tf.constant(images)).numpy() for images in batches(split.images)])

    return compute_probs


def batches(images: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    """Split images into consecutive batches, smaller ones for large images."""
    size = max(1, min(_BATCH, _BATCH_BYTES // max(images[0].nbytes, 1)))
    return [images[start : start + size] for start in range(0, len(images), size)]
