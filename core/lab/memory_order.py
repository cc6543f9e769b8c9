"""Order of the values of an image in memory: channels last (Keras, TensorFlow) and channels first (PyTorch)."""

from itertools import product
from typing import Literal

Layout = Literal["channels_last", "channels_first"]
LAYOUTS: tuple[Layout, ...] = ("channels_last", "channels_first")
Cell = tuple[int, int, int]


def list_values(height: int, width: int, channels: int, layout: Layout) -> list[Cell]:
    """Return (row, column, channel) of each value in the order of memory.

    >>> list_values(1, 2, 2, "channels_last"), list_values(1, 2, 2, "channels_first")
    ([(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)], [(0, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1)])
    """
    if layout == "channels_last":
        return list(product(range(height), range(width), range(channels)))
    return [(row, column, channel) for channel, row, column in product(range(channels), range(height), range(width))]


def compute_offset(cell: Cell, height: int, width: int, channels: int, layout: Layout) -> int:
    """Return the position of a value in memory.

    Channels last: (row · width + column) · channels + channel.
    Channels first: (channel · height + row) · width + column.
    """
    row, column, channel = cell
    if layout == "channels_last":
        return (row * width + column) * channels + channel
    return (channel * height + row) * width + column


def write_shape(height: int, width: int, channels: int, layout: Layout) -> tuple[int, int, int]:
    """Return the shape of an image."""
    return (height, width, channels) if layout == "channels_last" else (channels, height, width)
