"""Reading, resizing and converting image files."""

import io
from contextlib import nullcontext
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.errors import DatasetError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
MAX_BYTES = 30_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
_LARGE = 8_000_000  # pixels; images with more are decoded one at a time, because this takes up to 1 GB
_ONE_LARGE = Lock()

Pixels = NDArray[np.uint8]


def read_picture(
    data: bytes, *, channels: int | None = None, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> Pixels:
    """Return the pixels of an image file, uint8 of shape (height, width, channels), with its EXIF rotation applied.

    The format is detected from the content, not from the file name. Transparent pixels become white, 16-bit values
    are scaled to 8 bits, and only the first frame of an animation is read. The size is checked before decoding.

    Args:
        channels: 1 or 3 converts to grayscale or RGB; None keeps 1 channel for grayscale files and 3 for others.

    Raises:
        DatasetError: when the file is not an image, is damaged, or exceeds `max_bytes`, `max_pixels` or MAX_SIDE.
    """
    if not data:
        raise DatasetError("This image file is empty.")
    if len(data) > max_bytes:
        raise DatasetError(
            f"An image file may have at most {max_bytes / 1e6:.0f} MB; this one has {len(data) / 1e6:.1f} MB."
        )
    image = _open(data, max_pixels)
    try:
        with _ONE_LARGE if image.width * image.height > _LARGE else nullcontext():
            pixels = _to_array(ImageOps.exif_transpose(image), channels)
    except (DatasetError, MemoryError):
        raise
    except Exception as error:  # decoders raise many types for damaged files
        raise DatasetError(f"This {image.format} file is damaged or truncated.") from error
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., np.newaxis])


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


def _open(data: bytes, max_pixels: int) -> Image.Image:
    """Open an image without decoding its pixels, and check its size."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DatasetError(f"An image may have at most {max_pixels:,} pixels; this one has far more.") from error
    except Exception as error:
        raise DatasetError("This file is not a valid image (PNG, JPEG, GIF, WebP, BMP, TIFF or PPM).") from error
    width, height = image.size
    if width * height > max_pixels:
        raise DatasetError(f"An image may have at most {max_pixels:,} pixels; this one has {width:,} × {height:,}.")
    if max(width, height) > MAX_SIDE:
        raise DatasetError(
            f"An image may have at most {MAX_SIDE:,} pixels per side; this one has {width:,} × {height:,}."
        )
    return image


def _to_array(image: Image.Image, channels: int | None) -> Pixels:
    if image.mode == "F":
        raise DatasetError(
            "Images with floating-point values are not supported. Convert the image to 8 or 16 bits per channel."
        )
    if image.mode.startswith("I"):  # 16 bits; 32-bit files hold 16-bit values
        image = Image.fromarray((np.clip(np.asarray(image).astype(np.int64), 0, 65535) // 257).astype(np.uint8))
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    image = image.convert("L" if grey else "RGB")
    if channels is not None:
        image = image.convert("L" if channels == 1 else "RGB")
    return np.asarray(image)
