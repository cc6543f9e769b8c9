"""robustness.npz: the predictions of a run on corrupted test images."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from core.array_file import Expected

NAME = "robustness.npz"
ARRAYS = {
    "corruptions": "stresses",
    "values": "values",
    "images": "images",
    "predictions": "guesses",
}  # field: array in the file
EXPECTED: dict[str, Expected] = {
    ARRAYS["corruptions"]: ("U", (None,)),
    ARRAYS["values"]: ("f4", (None,)),
    ARRAYS["images"]: ("i4", (None,)),
    ARRAYS["predictions"]: ("i2", (None, None)),
}
_MAX_ROWS = 1000
_MAX_SEVERITY = 1e6


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
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        return cls(**{field: arrays[name] for field, name in ARRAYS.items()})

    def find_problem(self, tests: int, classes: int) -> str:
        """Return why the arrays are impossible for a run; an empty text if they are not.

        Args:
            tests: number of test images.
        """
        rows, images = self.predictions.shape
        if self.corruptions.shape != (rows,) or self.values.shape != (rows,) or self.images.shape != (images,):
            return "the shapes of its arrays do not match"
        if not 1 <= rows <= _MAX_ROWS or not images:
            return f"it has {rows:,} rows of {images:,} images"
        if self.images.min() < 0 or self.images.max() >= tests or (np.diff(self.images) <= 0).any():
            return f"its images are not among the {tests:,} test images"
        if self.predictions.min() < -1 or self.predictions.max() >= classes:
            return f"its predictions are outside the {classes:,} classes"
        if not (np.abs(self.values) <= _MAX_SEVERITY).all():
            return "a severity is not a number"
        return ""

    def write(self, file: IO[bytes] | Path) -> None:
        np.savez_compressed(file, **{name: getattr(self, field) for field, name in ARRAYS.items()})
