"""Predefined kernels."""

import numpy as np

from core.lab.convolution import Values


def _matrix(*rows: str, over: float = 1) -> Values:
    return np.array([[float(word) for word in row.split()] for row in rows]) / over


EXAMPLE_1D = np.array([1.0, 0, 3, 1, 2])
EXAMPLE_STRIDED = np.array([1 / 2, 3 / 4, 1, 1 / 4])
EXAMPLE_2D = _matrix("1 0 3", "1 2 1", "0 1 1")

KERNELS_1D: dict[str, Values] = {
    "example with stride 2": EXAMPLE_STRIDED,
    "identity": np.array([0.0, 1, 0]),
    "mean of 3": np.full(3, 1 / 3),
    "mean of 5": np.full(5, 1 / 5),
    "Gaussian": np.array([1.0, 4, 6, 4, 1]) / 16,
    "difference": np.array([1.0, 0, -1]),
    "Laplacian": np.array([1.0, -2, 1]),
    "shift by 2": np.array([0.0, 0, 0, 0, 1]),
}
KERNELS_2D: dict[str, Values] = {
    "identity": _matrix("0 0 0", "0 1 0", "0 0 0"),
    "box blur": np.full((3, 3), 1 / 9),
    "box blur 5 × 5": np.full((5, 5), 1 / 25),
    "Gaussian": _matrix("1 2 1", "2 4 2", "1 2 1", over=16),
    "sharpen": _matrix("0 -1 0", "-1 5 -1", "0 -1 0"),
    "Sobel, left to right": _matrix("-1 0 1", "-2 0 2", "-1 0 1"),
    "Sobel, top to bottom": _matrix("-1 -2 -1", "0 0 0", "1 2 1"),
    "Laplacian": _matrix("0 1 0", "1 -4 1", "0 1 0"),
    "emboss": _matrix("-2 -1 0", "-1 1 1", "0 1 2"),
}

_GRAY = np.full(3, 1 / 3)
_FILTERS = {
    "vertical edges": ("Sobel, left to right", _GRAY),
    "horizontal edges": ("Sobel, top to bottom", _GRAY),
    "red minus green": ("box blur", np.array([1.0, -1, 0])),
    "blue minus yellow": ("box blur", np.array([-0.5, -0.5, 1])),
    "details": ("Laplacian", _GRAY),
    "blur": ("Gaussian", _GRAY),
    "emboss": ("emboss", _GRAY),
    "red edges": ("Sobel, left to right", np.array([1.0, 0, 0])),
}
FILTERS: dict[str, Values] = {
    name: KERNELS_2D[kernel][..., np.newaxis] * share for name, (kernel, share) in _FILTERS.items()
}
"""Filters for RGB images, of shape (3, 3, 3): one kernel slice per channel."""
