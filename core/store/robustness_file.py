"""robustness.npz: the predictions of a run on corrupted test images."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

NAME = "robustness.npz"
ARRAYS = {
    "corruptions": "stresses",
    "values": "values",
    "images": "images",
    "predictions": "guesses",
}  # field: array in the file


@dataclass(frozen=True)
class Robustness:
    """One row per severity of each corruption; the first row, with an empty name, holds the unchanged images.

    `corruptions`: names of shape (rows,). `values`: severities, float32 of shape (rows,). `images`: ascending indices
    into the test images, int32 of shape (images,). `predictions`: predicted classes, int16 of shape (rows, images);
    −1 where a probability is not finite.
    """

    corruptions: NDArray[np.str_]
    values: NDArray[np.float32]
    images: NDArray[np.int32]
    predictions: NDArray[np.int16]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error: when the file is damaged.
        """
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = cls(**{field: arrays[name] for field, name in ARRAYS.items()})
        rows, images = found.predictions.shape
        if found.corruptions.shape != (rows,) or found.values.shape != (rows,) or found.images.shape != (images,):
            raise ValueError("the shapes of its arrays do not match")
        return found

    def write(self, file: IO[bytes] | Path) -> None:
        np.savez_compressed(file, **{name: getattr(self, field) for field, name in ARRAYS.items()})
