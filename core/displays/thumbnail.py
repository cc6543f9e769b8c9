"""Pictures as small PNG data URIs, for galleries and reports."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.picture import shrink_picture
from core.store.thumbnail import SIDE


def encode_thumbnails(images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], indices: Sequence[int]) -> list[str]:
    """PNG data URIs of some images, at their own size up to 128 pixels; the viewer enlarges them without smoothing."""
    return [_encode(shrink_picture(images[index], SIDE)) for index in indices]


def _encode(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
