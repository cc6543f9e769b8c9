"""Snapshot of a model in memory after an epoch, saved if training is terminated during the next epoch."""

import keras
import numpy as np

_MAX_BYTES = 256_000_000


class Snapshot:
    """Copy of the weights and the optimizer state of a model after an epoch."""

    def __init__(self, model: keras.Model, epoch: int) -> None:
        self.epoch = epoch
        self._model = model
        self._values = [np.array(variable) for variable in _list_variables(model)]  # copies: training updates in place

    @classmethod
    def of(cls, model: keras.Model, epoch: int) -> "Snapshot | None":
        """Return a snapshot; None if the model is too large for a second copy in memory."""
        size = sum(
            variable.value.dtype.size * variable.value.shape.num_elements() for variable in _list_variables(model)
        )
        return cls(model, epoch) if size <= _MAX_BYTES else None

    def restore(self) -> keras.Model:
        """Restore the model to its state after the epoch."""
        for variable, value in zip(_list_variables(self._model), self._values, strict=True):
            variable.assign(value)
        return self._model


def _list_variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]
