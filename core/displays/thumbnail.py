"""Thumbnails as PNG data URIs, for galleries and reports."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.image_file import shrink_picture
from core.store.thumbnail import SIDE

Images = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def encode_thumbnails(images: Images, indices: Sequence[int], *, least: int = 0) -> list[str]:
    """Return PNG data URIs of the given images, at their original size up to 128 pixels.

    Browsers enlarge them without smoothing. For viewers that cannot, `least` enlarges every pixel to a square until the
    longer side has at least that many pixels.
    """
    return [_encode(shrink_picture(images[index], SIDE), least) for index in indices]


def _encode(image: Images, least: int) -> str:
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    times = -(-least // max(picture.size)) if least else 1
    if times > 1:
        picture = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
