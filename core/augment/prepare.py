"""Fixed preprocessing: central square crop, resized to the input size of the model."""

import numpy as np
from numpy.typing import NDArray

from core.augment.pillow import resize_array


def prepare(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Crop the central square of an image and resize it (bilinear with antialiasing).

    Args:
        image: uint8 of shape (height, width, channels) with 1 or 3 channels.

    Returns:
        uint8 of shape (side, side, channels).
    """
    height, width, _ = image.shape
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return resize_array(image[top : top + edge, left : left + edge], side, side)
