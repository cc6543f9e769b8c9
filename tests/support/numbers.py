"""Random arrays and sizes for the properties of the convolution lab."""

import numpy as np
from hypothesis import strategies as st

from core.lab.convolution import Values

strides = st.integers(1, 4)
seeds = st.integers(0, 2**16)


def whole(seed: int, *shape: int) -> Values:
    """Return random integers from −9 to 9 as float64."""
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(np.float64)
