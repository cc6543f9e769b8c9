"""Conversion between arrays and Pillow images, which have no axis for a single channel."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_picture(image: NDArray[np.uint8]) -> Image.Image:
    """Convert an array, uint8 of shape (height, width, channels) with 1 or 3 channels, to a Pillow image."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def to_array(picture: Image.Image) -> NDArray[np.uint8]:
    """Convert a Pillow image to an array, uint8 of shape (height, width, channels)."""
    image = np.asarray(picture)
    return image[..., np.newaxis] if image.ndim == 2 else image


def resize_array(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Resize an image; bilinear with antialiasing."""
    if image.shape[:2] == (height, width):
        return image
    return to_array(to_picture(image).resize((width, height), Image.Resampling.BILINEAR))
