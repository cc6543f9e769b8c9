"""Weights of the best epoch so far, kept in memory and written with each checkpoint."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.array_file import read_arrays
from core.files import replacing

_PREFIX = "best-"


@dataclass(frozen=True)
class KeptWeights:
    """The weights of a model after an epoch."""

    epoch: int
    weights: list[NDArray[Any]]

    @classmethod
    def of(cls, model: keras.Model, epoch: int) -> "KeptWeights":
        return cls(epoch, [np.array(weight) for weight in model.get_weights()])

    def path(self, folder: Path) -> Path:
        return _locate(folder, self.epoch)

    def write(self, folder: Path) -> None:
        """Write the weights to the folder unless they are there."""
        path = self.path(folder)
        if not path.exists():
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.savez(file, *self.weights)

    @classmethod
    def read(cls, folder: Path, epoch: int, model: keras.Sequential) -> "KeptWeights | None":
        """Read the weights of a model after an epoch; None if they are missing, damaged or of another model."""
        now = model.get_weights()
        expected = {f"arr_{number}": (weight.dtype.str[1:], weight.shape) for number, weight in enumerate(now)}
        try:
            found = read_arrays(_locate(folder, epoch), expected, sum(weight.nbytes + 1024 for weight in now))
        except ValueError:
            return None
        return cls(epoch, [found[name] for name in expected])


def _locate(folder: Path, epoch: int) -> Path:
    return folder / f"{_PREFIX}{epoch:04}.npz"


def list_kept_weights(folder: Path) -> set[Path]:
    return set(folder.glob(f"{_PREFIX}*.npz"))
