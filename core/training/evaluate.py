"""Class probabilities of many images, and the two metrics that follow from them."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.training.input import Split, scale

_BATCH = 200

ComputeProbs = Callable[[Split], NDArray[np.float32]]


def compile_probs(model: keras.Sequential) -> ComputeProbs:
    """A function from a split to probabilities, float32 of shape (images, classes)."""

    @tf.function(reduce_retracing=True)
    def compute(images: tf.Tensor) -> tf.Tensor:
        return model(scale(images), training=False)

    def compute_probs(split: Split) -> NDArray[np.float32]:
        starts = range(0, len(split), _BATCH)
        return np.concatenate([compute(split.images[start : start + _BATCH]).numpy() for start in starts])

    return compute_probs


def compute_metrics(probs: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Mean categorical cross-entropy in nats, and accuracy.

    >>> compute_metrics(np.array([[0.5, 0.5], [0.25, 0.75]], np.float32), np.array([0, 0]))
    (1.0397207708399179, 0.5)
    """
    given = probs[np.arange(len(labels)), labels].astype(np.float64)
    loss = -np.log(np.maximum(given, np.finfo(np.float32).tiny)).mean()
    return float(loss), float((probs.argmax(axis=1) == labels).mean())
