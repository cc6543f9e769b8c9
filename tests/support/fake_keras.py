"""Stand-in for a Keras model, and for `model.fit`, which calls the hooks of a callback."""

from types import SimpleNamespace
from typing import Any

import numpy as np

import headroom


class Variable:
    """Stand-in for a weight of any backend."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape


class FakeModel:
    """Stand-in for a Keras model: it predicts its only weight, whatever the images are."""

    name, loss = "sequential", "sparse_categorical_crossentropy"

    def __init__(self, outputs: np.ndarray[Any, Any]) -> None:
        self.outputs, self.weights = outputs, [0.0]
        dense = SimpleNamespace(
            name="dense", trainable_weights=[Variable(64, 3), Variable(3)], non_trainable_weights=[],
            output=Variable(None, 3),
        )  # fmt: skip
        self.layers = [dense]
        self.trainable_weights, self.non_trainable_weights = dense.trainable_weights, []
        self.optimizer = SimpleNamespace(learning_rate=0.01)

    def predict(self, images: Any, **_: Any) -> np.ndarray[Any, Any]:
        return np.roll(self.outputs, int(self.weights[0]), axis=0)

    def get_weights(self) -> list[float]:
        return [*self.weights]

    def set_weights(self, weights: list[float]) -> None:
        self.weights = [*weights]


def fit(logger: headroom.Logger, model: FakeModel, rows: list[dict[str, float]]) -> None:
    """Call a callback as `model.fit` does, with the weight equal to the number of the epoch."""
    logger.set_params({"epochs": len(rows), "steps": 7})
    logger.set_model(model)
    logger.on_train_begin({})
    for epoch, row in enumerate(rows):
        logger.on_epoch_begin(epoch)
        logger.on_train_batch_end(0, {})
        model.weights = [float(epoch)]
        logger.on_epoch_end(epoch, row)
    logger.on_train_end({})
