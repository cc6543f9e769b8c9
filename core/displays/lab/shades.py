"""Colours of the lab: numbers as shades that can carry their figure, in both themes."""

import numpy as np
from numpy.typing import NDArray

ACCENT = "#dd6a12"
BLUE = "#0a84c6"
GREEN = "#0a9e74"
GREY = "#8a94a3"

_DARK, _LIGHT = np.array([28, 36, 48]), np.array([244, 246, 249])
_NEGATIVE, _ZERO, _POSITIVE = np.array([10, 111, 168]), np.array([244, 246, 249]), np.array([221, 106, 18])


def shade(values: NDArray[np.float64], *, signed: bool | None = None) -> NDArray[np.uint8]:
    """RGB of each value, uint8 of shape (…, 3). Dark to light from the least to the largest; with `signed` (by default
    when there are negative values) blue below 0, orange above, and white at 0."""
    if signed or (signed is None and values.min() < 0):
        share = np.clip(values / max(float(np.abs(values).max()), 1e-12), -1, 1)[..., np.newaxis]
        ends = np.where(share < 0, _NEGATIVE, _POSITIVE)
        colors = _ZERO + np.abs(share) * (ends - _ZERO)
    else:
        span = float(values.max() - values.min())
        share = ((values - values.min()) / span if span else np.full(values.shape, 0.6))[..., np.newaxis]
        colors = _DARK + share * (_LIGHT - _DARK)
    return np.rint(colors).astype(np.uint8)


def write_hex(color: NDArray[np.uint8]) -> str:
    return "#" + bytes(color.tolist()).hex()


def ink_on(color: NDArray[np.uint8]) -> str:
    """The colour of a figure on that ground: the one of two that stands out more."""
    linear = (color / 255) ** 2.2
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#10161e" if light > 0.18 else "#ffffff"
