"""Sample signals and images: patterns, and the digits and photos of scikit-learn."""

from importlib import resources

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Values

EXAMPLE_1D = np.array([1.0, 3, 2, 4, 5, 6, 1, 3])
EXAMPLE_STRIDED = np.array([3.0, 2, 1, 7, 1, 2, 5, 4])
EXAMPLE_2D = np.array([[1.0, 3, 2, 4], [5, 6, 1, 3], [1, 2, 0, 2], [3, 4, 3, 2]])

_T = np.arange(24, dtype=np.float64)
_SIDE = 12
_ROWS, _COLUMNS = np.mgrid[:_SIDE, :_SIDE]
_RADIUS = np.hypot(_ROWS - (_SIDE - 1) / 2, _COLUMNS - (_SIDE - 1) / 2)

SIGNALS: dict[str, Values] = {
    "example with stride 2": EXAMPLE_STRIDED,
    "impulse": (_T == 8).astype(float),
    "step": (_T >= 12).astype(float),
    "triangle": 12 - np.abs(_T - 12),
    "sine": np.sin(_T * (np.pi / 6)).astype(np.float64).round(2),
    "noisy step": np.round((_T >= 12).astype(np.float64) + np.random.default_rng(0).normal(0, 0.15, 24), 2),
}
PATTERNS: dict[str, Values] = {
    "vertical edge": 9.0 * (_COLUMNS >= _SIDE // 2),
    "horizontal edge": 9.0 * (_ROWS >= _SIDE // 2),
    "diagonal": 9.0 * (np.abs(_ROWS - _COLUMNS) <= 1),
    "checkerboard": 9.0 * ((_ROWS // 2 + _COLUMNS // 2) % 2),
    "ring": 9.0 * (np.abs(_RADIUS - 4) < 1),
    "one pixel": 9.0 * ((_ROWS == 6) & (_COLUMNS == 5)),
    "ramp": _COLUMNS.astype(float),
}
PHOTOS = {"flower": "flickr.com/photos/vultilion/6056698931", "china": "flickr.com/photos/danielbuechele/6061409035"}
"""Sources of the photos; both are licensed under CC BY 2.0 and included in scikit-learn."""


def load_digits() -> Values:
    """Return the 1,797 scanned digits of scikit-learn: float64 of shape (images, 8, 8), values 0 to 16.

    They are in the order of the dataset; the first ten are 0 to 9.
    """
    from sklearn.datasets import load_digits as load  # imported here: takes 0.5 s

    return load().images


def load_digit(number: int) -> Values:
    """Return a scanned digit of shape (8, 8).

    Raises:
        SpecError: if the number is out of range.
    """
    digits = load_digits()
    if not 0 <= number < len(digits):
        raise SpecError(f"Expected scan between 0 and {len(digits) - 1}; got {number}.")
    return digits[number]


def read_photo(name: str) -> bytes:
    """Return the bytes of the JPEG file of a photo."""
    return (resources.files("sklearn") / "datasets" / "images" / f"{name}.jpg").read_bytes()
