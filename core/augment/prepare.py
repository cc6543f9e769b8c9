"""Fixed preprocessing: images of any size become squares, by a crop, by borders, or by stretching."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.augment.fit import Fit
from core.augment.pillow import resize_array, to_array, to_picture

if TYPE_CHECKING:
    from PIL.Image import Image


def prepare(image: NDArray[np.uint8], side: int, fit: Fit = "crop") -> NDArray[np.uint8]:
    """Convert an image to a square, and resize it (bilinear with antialiasing).

    Args:
        image: uint8 of shape (height, width, channels) with 1 or 3 channels.

    Returns:
        uint8 of shape (side, side, channels).
    """
    if image.shape[:2] == (side, side):
        return image
    return to_array(fit_picture(to_picture(image), side, fit))


def fit_picture(picture: "Image", side: int, fit: Fit = "crop") -> "Image":
    """Convert a Pillow image to a square as `prepare` does."""
    width, height = picture.size
    if height == width or fit == "stretch":
        return _resize(picture, side, side)
    if fit == "pad":
        longer = max(height, width)
        inner = _resize(picture, max(1, round(width * side / longer)), max(1, round(height * side / longer)))
        from PIL import Image

        square = Image.new(picture.mode, (side, side))
        square.paste(inner, ((side - inner.width) // 2, (side - inner.height) // 2))
        return square
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return _resize(picture.crop((left, top, left + edge, top + edge)), side, side)


def _resize(picture: "Image", width: int, height: int) -> "Image":
    if picture.size == (width, height):
        return picture
    from PIL.Image import Resampling

    return picture.resize((width, height), Resampling.BILINEAR)


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
