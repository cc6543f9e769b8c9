"""Pictures as small PNG data URIs, for galleries and reports."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.image_file import shrink_picture
from core.store.thumbnail import SIDE

Images = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def encode_thumbnails(images: Images, indices: Sequence[int], *, least: int = 0) -> list[str]:
    """PNG data URIs of some images, at their own size up to 128 pixels; a viewer enlarges them without smoothing.
    One that does not know how gets every pixel as a square of them, until a side has `least` pixels."""
    return [_encode(shrink_picture(images[index], SIDE), least) for index in indices]


def _encode(image: Images, least: int) -> str:
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    times = -(-least // max(picture.size)) if least else 1
    if times > 1:
        picture = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
