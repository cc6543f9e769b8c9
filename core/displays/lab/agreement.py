"""Text that compares the results of two implementations."""

import numpy as np

from core.lab.convolution import Values
from core.lab.matrix import format_number


def count_same(one: Values, other: Values) -> int:
    """Return the number of values that are equal up to rounding errors."""
    return int(np.isclose(one, other, rtol=1e-9, atol=1e-9).sum())


def write_agreement(mine: Values, library: Values) -> str:
    count = count_same(mine, library)
    if count == mine.size:
        return f"Matches the library in all {mine.size:,} values."
    largest = format_number(float(np.abs(mine - library).max()))
    return f"Matches the library in {count:,} of {mine.size:,} values; the largest difference is {largest}."


def write_flip(one: Values, other: Values) -> str:
    count = count_same(one, other)
    if count == one.size:
        return "Flipping the kernel does not change the result."
    return f"Flipping the kernel changes {one.size - count:,} of {one.size:,} values."
