"""Signals and images to pick: small patterns, scanned digits and photographs that come with scikit-learn."""

from importlib import resources

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Values

EXAMPLE_1D = np.array([1.0, 3, 2, 4, 5, 6, 1, 3])
EXAMPLE_2D = np.array([[1.0, 3, 2, 4], [5, 6, 1, 3], [1, 2, 0, 2], [3, 4, 3, 2]])

_T = np.arange(24, dtype=np.float64)
_SIDE = 12
_ROWS, _COLUMNS = np.mgrid[:_SIDE, :_SIDE]
_RADIUS = np.hypot(_ROWS - (_SIDE - 1) / 2, _COLUMNS - (_SIDE - 1) / 2)

SIGNALS: dict[str, Values] = {
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
"""Where they are from; both are under CC BY 2.0 and come with scikit-learn."""


def load_digits() -> Values:
    """1,797 scanned digits, float64 of shape (images, 8, 8), values 0 to 16, in the order in which they were scanned:
    the first ten are 0 to 9."""
    from sklearn.datasets import load_digits as load  # half a second, for those who pick a digit

    return load().images


def load_digit(number: int) -> Values:
    """One of them, of shape (8, 8).

    Raises:
        SpecError: when there is no such scan.
    """
    digits = load_digits()
    if not 0 <= number < len(digits):
        raise SpecError(f"Expected scan between 0 and {len(digits) - 1}; got {number}.")
    return digits[number]


def read_photo(name: str) -> bytes:
    """The bytes of a JPEG file, as somebody would upload it."""
    return (resources.files("sklearn") / "datasets" / "images" / f"{name}.jpg").read_bytes()
