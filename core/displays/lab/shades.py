"""Colors of the Lab page: cell shades by value, readable in both themes."""

import numpy as np
from numpy.typing import NDArray

ACCENT = "#dd6a12"
BLUE = "#0a84c6"
GREEN = "#0a9e74"
GREY = "#8a94a3"

_DARK, _LIGHT = np.array([28, 36, 48]), np.array([244, 246, 249])
_NEGATIVE, _ZERO, _POSITIVE = np.array([10, 111, 168]), np.array([244, 246, 249]), np.array([221, 106, 18])


def shade(values: NDArray[np.float64], *, signed: bool | None = None) -> NDArray[np.uint8]:
    """Return the RGB color of each value, uint8 of shape (…, 3).

    Colors range from dark (smallest) to light (largest). With `signed` (default: if there are negative values),
    negative values are blue, positive ones orange and 0 is white.
    """
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


def contrast_color(color: NDArray[np.uint8]) -> str:
    """Return the text color, dark or white, with the higher contrast on a background color."""
    linear = (color / 255) ** 2.2
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#10161e" if light > 0.18 else "#ffffff"
