"""Fixed preprocessing: images of any size become squares, by a crop, by borders, or by stretching."""

import numpy as np
from numpy.typing import NDArray

from core.augment.fit import Fit
from core.augment.pillow import resize_array


def prepare(image: NDArray[np.uint8], side: int, fit: Fit = "crop") -> NDArray[np.uint8]:
    """Convert an image to a square, and resize it (bilinear with antialiasing).

    Args:
        image: uint8 of shape (height, width, channels) with 1 or 3 channels.

    Returns:
        uint8 of shape (side, side, channels).
    """
    height, width, channels = image.shape
    if height == width or fit == "stretch":
        return resize_array(image, side, side)
    if fit == "pad":
        longer = max(height, width)
        inner = resize_array(image, max(1, round(height * side / longer)), max(1, round(width * side / longer)))
        square = np.zeros((side, side, channels), np.uint8)
        top, left = (side - inner.shape[0]) // 2, (side - inner.shape[1]) // 2
        square[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
        return square
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return resize_array(image[top : top + edge, left : left + edge], side, side)


def undo_fit(square: NDArray[np.uint8], width: int, height: int, side: int, fit: Fit) -> NDArray[np.uint8]:
    """Return the part of an image of `width` × `height` pixels that `prepare` kept, with its aspect ratio.

    Args:
        square: The output of `prepare`.
        side: Longer side of the result, or of the whole image if a part was cut.
    """
    longer = max(width, height)
    if fit == "pad":
        edge = len(square)
        inner = max(1, round(height * edge / longer)), max(1, round(width * edge / longer))
        top, left = (edge - inner[0]) // 2, (edge - inner[1]) // 2
        square = square[top : top + inner[0], left : left + inner[1]]
    if fit == "crop":
        width = height = min(width, height)
    return resize_array(square, max(1, round(height * side / longer)), max(1, round(width * side / longer)))
