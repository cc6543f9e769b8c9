"""Parsing and formatting of vectors and matrices."""

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from core.errors import SpecError

MAX_SIDE = 64
_LARGEST = 1e6

Values = NDArray[np.float64]


def parse_matrix(text: str, name: str = "matrix", *, max_side: int = MAX_SIDE) -> Values:
    """Parse a matrix: float64 of shape (rows, columns).

    Rows are separated by line breaks or semicolons, numbers by spaces or commas. Brackets are ignored, so the output of
    NumPy and Python can be pasted.

    >>> parse_matrix("1 0 3; 1 2 1")
    array([[1., 0., 3.],
           [1., 2., 1.]])

    Raises:
        SpecError: if the text is not a matrix, the rows differ in length, or there are too many or too large numbers.
    """
    plain = text.replace("[", " ").replace("]", "\n").replace(";", "\n").replace(",", " ")
    rows = [line.split() for line in plain.splitlines() if line.strip()]
    if not rows:
        raise SpecError(f"Expected {name} as rows of numbers separated by spaces, one row per line; got an empty text.")
    lengths = sorted({len(row) for row in rows})
    if len(lengths) > 1:
        raise SpecError(f"Expected rows of equal length in {name}; got rows of {lengths[0]} and {lengths[-1]} numbers.")
    if max(len(rows), lengths[0]) > max_side:
        raise SpecError(f"Expected {name} of at most {max_side} × {max_side} numbers; got {len(rows)} × {lengths[0]}.")
    return np.array([[_parse_number(word, name) for word in row] for row in rows])


def parse_vector(text: str, name: str = "vector", *, max_length: int = MAX_SIDE) -> Values:
    """Parse a vector, a single row or column of numbers: float64 of shape (numbers,).

    Raises:
        SpecError: as `parse_matrix`, or if there are several rows and columns.
    """
    matrix = parse_matrix(text, name, max_side=max_length)
    if min(matrix.shape) > 1:
        raise SpecError(f"Expected {name} in one row; got {matrix.shape[0]} rows of {matrix.shape[1]} numbers.")
    return matrix.ravel()


def _parse_number(word: str, name: str) -> float:
    try:
        if "_" in word:  # digit separators as in 1_000 are not supported
            raise ValueError
        value = float(word)
    except ValueError:
        raise SpecError(
            f"Expected {name} as rows of numbers separated by spaces, one row per line; got {word[:40]!r}."
        ) from None
    if not isfinite(value) or abs(value) > _LARGEST:
        raise SpecError(
            f"Expected the numbers of {name} between −{_LARGEST:,.0f} and {_LARGEST:,.0f}; got {word[:40]}."
        )
    return value


def format_number(value: float) -> str:
    """Format a number with four significant digits and without trailing zeros: 24.0 → "24", −0.33333 → "−0.3333"."""
    if abs(value) < 5e-13:  # rounding error of a zero
        return "0"
    text = f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def format_matrix(values: Values) -> str:
    """Format a matrix for `parse_matrix`: one line per row."""
    return "\n".join(" ".join(f"{value:g}" for value in row) for row in np.atleast_2d(values))
