"""robustness.npz: what a run answered on test images that were made harder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

NAME = "robustness.npz"


@dataclass(frozen=True)
class Robustness:
    """One row an amount of a stress; the first row, of the empty name, is the images as they are.

    `stresses` names of shape (rows,), `values` float32 of shape (rows,), `images` int32 of shape (images,): places
    among the test images, rising; `guesses` int16 of shape (rows, images), −1 where a probability is not finite.
    """

    stresses: NDArray[np.str_]
    values: NDArray[np.float32]
    images: NDArray[np.int32]
    guesses: NDArray[np.int16]

    @classmethod
    def read(cls, path: Path) -> Self:
        """
        Raises:
            OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error: when it is not such a file.
        """
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = cls(**{name: arrays[name] for name in cls.__dataclass_fields__})
        rows, images = found.guesses.shape
        if found.stresses.shape != (rows,) or found.values.shape != (rows,) or found.images.shape != (images,):
            raise ValueError("arrays that do not fit each other")
        return found
