"""Reads an image file into an array, and refuses in one sentence what is none."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.errors import DatasetError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
MAX_BYTES = 30_000_000
MAX_PIXELS = 50_000_000

Pixels = NDArray[np.uint8]


def read_picture(
    data: bytes, *, channels: int | None = None, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> Pixels:
    """The pixels of an image file, uint8 of shape (height, width, channels), upright.

    What the bytes say counts, not the name of the file. There are 3 channels (RGB), or 1 where the file is grey;
    `channels` asks for 1 or 3 whatever it is. Transparent pixels are laid on white, 16 bits become 8, and of an
    animation this is the first frame. The size is checked before a pixel is decoded.

    Raises:
        DatasetError: when it is no picture, a damaged one, or a larger one than allowed.
    """
    if not data:
        raise DatasetError("Expected an image file; got an empty one.")
    if len(data) > max_bytes:
        raise DatasetError(f"Expected an image file of at most {max_bytes / 1e6:.0f} MB; got {len(data) / 1e6:.1f} MB.")
    image = _open(data, max_pixels)
    try:
        pixels = _to_array(ImageOps.exif_transpose(image), channels)
    except DatasetError:
        raise
    except Exception as error:  # decoders meet damaged bytes with errors of every kind
        raise DatasetError(f"Expected a whole {image.format} file; got a damaged or truncated one.") from error
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[..., np.newaxis])


def shrink_picture(pixels: Pixels, side: int) -> Pixels:
    """The same picture with neither side longer than `side`; a small one stays as it is."""
    height, width, channels = pixels.shape
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    return np.asarray(image.resize(size, Image.Resampling.BOX)).reshape(size[1], size[0], channels)


def compute_grey(pixels: Pixels) -> Pixels:
    """One channel, uint8 of shape (height, width, 1): 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601)."""
    if pixels.shape[-1] == 1:
        return pixels
    return np.rint(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., np.newaxis]


def _open(data: bytes, max_pixels: int) -> Image.Image:
    """Reads the head of a file, no pixels."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DatasetError(f"Expected a picture of at most {max_pixels:,} pixels; got a far larger one.") from error
    except Exception as error:
        raise DatasetError(
            "Expected an image file (PNG, JPEG, GIF, WebP, BMP, TIFF or PPM); got bytes that are none of these."
        ) from error
    width, height = image.size
    if width * height > max_pixels:
        raise DatasetError(f"Expected a picture of at most {max_pixels:,} pixels; got {width:,} × {height:,}.")
    return image


def _to_array(image: Image.Image, channels: int | None) -> Pixels:
    if image.mode == "F":
        raise DatasetError("Expected a picture of whole numbers; got one of floating-point values.")
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
