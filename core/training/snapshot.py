"""What an epoch left of a model, kept in memory: the way back when training is ended within the next one."""

import keras
import numpy as np

_MOST_BYTES = 256_000_000


class Snapshot:
    """A copy of a model's weights and of its optimizer's state after an epoch."""

    def __init__(self, model: keras.Sequential, epoch: int) -> None:
        self.epoch = epoch
        self._model = model
        self._values = [np.array(variable) for variable in _list_variables(model)]  # training writes in place

    @classmethod
    def of(cls, model: keras.Sequential, epoch: int) -> "Snapshot | None":
        """None for a model so large that a second one should not stand beside it."""
        size = sum(
            variable.value.dtype.size * variable.value.shape.num_elements() for variable in _list_variables(model)
        )
        return cls(model, epoch) if size <= _MOST_BYTES else None

    def restore(self) -> keras.Sequential:
        """The model as it was after the epoch."""
        for variable, value in zip(_list_variables(self._model), self._values, strict=True):
            variable.assign(value)
        return self._model


def _list_variables(model: keras.Sequential) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]
