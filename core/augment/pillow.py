"""Arrays as Pillow pictures and back: the one place that knows that Pillow drops the axis of a single channel."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_picture(image: NDArray[np.uint8]) -> Image.Image:
    """From uint8 of shape (height, width, channels), 1 or 3 channels."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def to_array(picture: Image.Image) -> NDArray[np.uint8]:
    """To uint8 of shape (height, width, channels)."""
    image = np.asarray(picture)
    return image[..., np.newaxis] if image.ndim == 2 else image


def resize_array(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Stretched or shrunk to a size; bilinear over all pixels that fall into one, so small images do not flicker."""
    if image.shape[:2] == (height, width):
        return image
    return to_array(to_picture(image).resize((width, height), Image.Resampling.BILINEAR))
