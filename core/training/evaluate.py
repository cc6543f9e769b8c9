"""Class probabilities of many images, and the two metrics that follow from them."""

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


def compile_probs(model: keras.Sequential, images: NDArray[np.generic], first: int = 0) -> ComputeProbs:
    """A function from a split to probabilities, float32 of shape (images, classes); traced once, whatever their number.

    Args:
        images: some like those of the splits.
        first: the layer that the split's images are the input of.
    """

    @tf.function(input_signature=[describe_data(images)])
    def compute(images: tf.Tensor) -> tf.Tensor:
        return to_probs(compute_outputs(model, images, training=False, first=first))

    def compute_probs(split: Split) -> NDArray[np.float32]:
        return np.concatenate([compute(tf.constant(images)).numpy() for images in batches(split.images)])

    return compute_probs


def batches(images: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    """Consecutive images, fewer at a time where they are large."""
    size = max(1, min(_BATCH, _BATCH_BYTES // max(images[0].nbytes, 1)))
    return [images[start : start + size] for start in range(0, len(images), size)]
