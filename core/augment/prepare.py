"""The fixed part: the central square, resized to the side of the model."""

import numpy as np
from numpy.typing import NDArray

from core.augment.pillow import resize_array


def prepare(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The central square of an image, uint8 of shape (height, width, channels), as (side, side, channels).

    Channels are 1 or 3. Resizing is bilinear over all pixels that fall into one, so small images do not flicker.
    """
    height, width, _ = image.shape
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return resize_array(image[top : top + edge, left : left + edge], side, side)
