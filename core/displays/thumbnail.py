"""Test images of a run as small PNG data URIs, for galleries and reports."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.datasets.view import open_view
from core.errors import DatasetError
from core.home import Home
from core.picture import shrink_picture
from core.store.run import Run

_SIDE = 128


def load_test_images(home: Home, run: Run) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The images that the run was tested on as they are stored, not as the model saw them: uint8 of shape
    (images, height, width, channels), memory-mapped.

    Raises:
        DatasetError: when the dataset is not here, or is not the one that the run was tested on.
    """
    view = open_view(home, run.spec, native=True)
    if view.info.fingerprint != run.record.data.fingerprint:
        raise DatasetError(
            f"Expected the {run.spec.folder or run.spec.dataset} data with fingerprint {run.record.data.fingerprint}; "
            f"got {view.info.fingerprint}, so the pictures of these runs cannot be shown."
        )
    return view.test_images


def encode_thumbnails(images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], indices: Sequence[int]) -> list[str]:
    """PNG data URIs of some images, at their own size up to 128 pixels; the viewer enlarges them without smoothing."""
    return [_encode(shrink_picture(images[index], _SIDE)) for index in indices]


def _encode(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
