"""Class probabilities of many images, and the two metrics that follow from them."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.training.forward import compute_outputs, to_probs
from core.training.input import Split, describe

_BATCH = 200
_BATCH_BYTES = 8_000_000

ComputeProbs = Callable[[Split], NDArray[np.float32]]


def compile_probs(model: keras.Sequential, images: NDArray[np.generic], first: int = 0) -> ComputeProbs:
    """A function from a split to probabilities, float32 of shape (images, classes); traced once, whatever their number.

    Args:
        images: some like those of the splits.
        first: the layer that the split's images are the input of.
    """

    @tf.function(input_signature=[describe(images)])
    def compute(images: tf.Tensor) -> tf.Tensor:
        return to_probs(compute_outputs(model, images, training=False, first=first))

    def compute_probs(split: Split) -> NDArray[np.float32]:
        return np.concatenate([compute(tf.constant(images)).numpy() for images in batches(split.images)])

    return compute_probs


def batches(images: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    """Consecutive images, fewer at a time where they are large."""
    size = max(1, min(_BATCH, _BATCH_BYTES // max(images[0].nbytes, 1)))
    return [images[start : start + size] for start in range(0, len(images), size)]


def compute_metrics(probs: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Mean categorical cross-entropy in nats, and accuracy.

    >>> compute_metrics(np.array([[0.5, 0.5], [0.25, 0.75]], np.float32), np.array([0, 0]))
    (1.0397207708399179, 0.5)
    """
    given = probs[np.arange(len(labels)), labels].astype(np.float64)
    loss = -np.log(np.maximum(given, np.finfo(np.float32).tiny)).mean()
    return float(loss), float((probs.argmax(axis=1) == labels).mean())
