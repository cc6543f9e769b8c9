"""Random images and single pixels."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.spec import TRANSFORMS

RANDOM = {name: entry for name, entry in TRANSFORMS.items() if entry.strength}
SHAPES = [(28, 28, 1), (109, 89, 3), (218, 178, 3), (20, 31, 3), (8, 8, 1)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def pixel(*values: int) -> NDArray[np.uint8]:
    return np.array(values, np.uint8).reshape(1, 1, -1)
