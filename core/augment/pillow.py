"""Conversion between arrays and Pillow images, which have no axis for a single channel.

Pillow is imported when an image is converted: commands that read import the transforms, but have no images.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image


def to_picture(image: NDArray[np.uint8]) -> "Image":
    """Convert an array, uint8 of shape (height, width, channels) with 1 or 3 channels, to a Pillow image."""
    from PIL import Image

    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def to_array(picture: "Image") -> NDArray[np.uint8]:
    """Convert a Pillow image to an array, uint8 of shape (height, width, channels)."""
    image = np.asarray(picture)
    return image[..., np.newaxis] if image.ndim == 2 else image


def resize_array(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Resize an image; bilinear with antialiasing."""
    if image.shape[:2] == (height, width):
        return image
    from PIL.Image import Resampling

    return to_array(to_picture(image).resize((width, height), Resampling.BILINEAR))
