"""Reading, resizing and converting image files."""

from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import DatasetError
from core.image_format import MAX_BYTES, MAX_PIXELS, count_frames, open_picture
from core.image_values import (
    Extent,
    ValueRange,
    Values,
    choose_range,
    decode_plain,
    decode_values,
    is_deep,
    measure_extent,
    scale_values,
)

_LARGE = 8_000_000  # pixels; images with more are decoded one at a time, because this takes up to 1 GB
_ONE_LARGE = Lock()
_MODES = {1: "L", 3: "RGB"}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class DecodedImage:
    """The first frame of an image file.

    Attributes:
        picture: The image with mode L or RGB.
        frames: Number of frames or pages in the file.
        deep: Whether the file has more than 8 bits per value, or signed values.
    """

    picture: Image.Image
    frames: int
    deep: bool

    @property
    def pixels(self) -> Pixels:
        """The pixels, uint8 of shape (height, width, channels)."""
        pixels = np.asarray(self.picture)
        return np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., np.newaxis])


class UnknownRangeError(Exception):
    """An image has more than 8 bits, and the value range of its dataset is not known yet."""


def read_picture(
    data: bytes,
    *,
    channels: int | None = None,
    value_range: ValueRange | None = None,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
) -> Pixels:
    """Return the pixels of an image file, uint8 of shape (height, width, channels), with its EXIF rotation applied.

    The format is detected from the content, not from the file name. Only the first frame of an animation and the first
    page of a TIFF file are read. The size is checked before decoding.

    Transparent pixels become white, or black if the rest of the image is bright. Values of more than 8 bits are scaled
    to 0 … 255; values of 8 bits are unchanged.

    Args:
        channels: 1 or 3 converts to grayscale or RGB; None keeps 1 channel for grayscale files and 3 for others.
        value_range: Range of the dataset that the image is compared with; that of the image itself by default.

    Raises:
        DatasetError: when the file is not an image, is damaged, or exceeds `max_bytes`, `max_pixels` or MAX_SIDE.
    """
    return decode_picture(
        data, channels, value_range, own_range=True, max_bytes=max_bytes, max_pixels=max_pixels
    ).pixels


def decode_picture(
    data: bytes,
    channels: int | None = None,
    value_range: ValueRange | None = None,
    *,
    own_range: bool = False,
    draft_side: int | None = None,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
) -> DecodedImage:
    """Read an image file as `read_picture` does, with its number of frames.

    Args:
        own_range: Use the range of the image itself if it has more than 8 bits and `value_range` is None.
        draft_side: Reduce a JPEG file while it is decoded, to sides of at least this length; fast, for a preview.

    Raises:
        DatasetError: as for `read_picture`.
        UnknownRangeError: when the image has more than 8 bits, and there is no range.
    """
    image = open_picture(data, max_bytes=max_bytes, max_pixels=max_pixels)
    deep = False
    try:
        if draft_side is not None:
            image.draft(image.mode, (draft_side, draft_side))
        deep = is_deep(image)
        if deep and value_range is None and not own_range:
            raise UnknownRangeError
        with _ONE_LARGE if image.width * image.height > _LARGE else nullcontext():
            picture = decode_plain(image) or _to_8_bits(decode_values(image, data), value_range)
            if channels is not None and picture.mode != _MODES[channels]:
                picture = picture.convert(_MODES[channels])
    except (DatasetError, UnknownRangeError):
        raise
    except MemoryError as error:
        raise DatasetError("There is not enough memory to read this image. Use a smaller image.") from error
    except Exception as error:  # decoders raise many types for damaged files
        raise DatasetError(f"This {image.format} file is damaged or truncated.") from error
    return DecodedImage(picture, count_frames(image), deep)


def read_extent(data: bytes) -> Extent | None:
    """Return the extent of the values of an image file; None if it has at most 8 bits or cannot be read."""
    try:
        image = open_picture(data)
        if not is_deep(image):
            return None
        with _ONE_LARGE if image.width * image.height > _LARGE else nullcontext():
            return measure_extent(decode_values(image, data))
    except Exception:  # decoders raise many types for damaged files, which are reported when their pixels are read
        return None


def shrink_picture(pixels: Pixels, side: int) -> Pixels:
    """Shrink an image so that its longer side has at most `side` pixels; smaller images are returned unchanged."""
    height, width, channels = pixels.shape
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    return np.asarray(image.resize(size, Image.Resampling.BOX)).reshape(size[1], size[0], channels)


def compute_grey(pixels: Pixels) -> Pixels:
    """Return the grayscale image, uint8 of shape (height, width, 1): 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)."""
    if pixels.shape[-1] == 1:
        return pixels
    return np.rint(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., np.newaxis]


def _to_8_bits(found: Values, value_range: ValueRange | None) -> Image.Image:
    values = found.values
    if values.dtype != np.uint8:
        extent = None if value_range else measure_extent(found)
        scale = value_range or choose_range(extent or Extent(0, 0, 0, 0))
        values = scale_values(values, scale, inverted=found.inverted)
    picture = Image.fromarray(np.ascontiguousarray(values[..., 0] if values.shape[-1] == 1 else values))
    return picture if found.alpha is None else _fill_ground(picture, Image.fromarray(np.ascontiguousarray(found.alpha)))


def _fill_ground(picture: Image.Image, alpha: Image.Image) -> Image.Image:
    """Blend an image with white, or with black if its opaque pixels are bright on average.

    The average is of the pixels with at least half of the highest opacity, because fainter ones are mostly edges.
    """
    top = int(alpha.getextrema()[1])  # type: ignore[arg-type]
    mask = alpha.point([255 if top and opacity * 2 >= top else 0 for opacity in range(256)])
    counts = np.array(picture.convert("L").histogram(mask), np.float64)
    mean = float(counts @ np.arange(256)) / max(1.0, counts.sum())
    ground = Image.new(picture.mode, picture.size, "black" if mean > 127.5 else "white")
    ground.paste(picture, mask=alpha)
    return ground
