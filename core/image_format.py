"""Opening image files: accepted formats, their readers, and limits that are checked before pixels are decoded."""

import io
from functools import cache
from importlib import import_module

from PIL import Image, features
from PIL.ImageFile import ImageFile

from core.errors import DatasetError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
FORMAT_NAMES = "PNG, JPEG, GIF, WebP, BMP, TIFF, PPM, AVIF or HEIC"
MAX_BYTES = 30_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000

_AVIF = (b"avif", b"avis")
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_ANIMATED = ("GIF", "WEBP", "PNG", "TIFF", "AVIF")  # further images in other formats are previews


def open_picture(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """Open an image file without decoding its pixels. The format is detected from the content.

    Raises:
        DatasetError: when the file is not an image, needs a reader that is not installed, or exceeds `max_bytes`,
            `max_pixels` or MAX_SIDE.
    """
    if not data:
        raise DatasetError("This image file is empty.")
    if len(data) > max_bytes:
        raise DatasetError(
            f"An image file may have at most {max_bytes / 1e6:.0f} MB; this one has {len(data) / 1e6:.1f} MB."
        )
    try:
        image = Image.open(io.BytesIO(data), formats=_select_formats(data))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DatasetError(f"An image may have at most {max_pixels:,} pixels; this one has far more.") from error
    except DatasetError:
        raise
    except Exception as error:  # readers raise many types for damaged files
        raise DatasetError(_describe_unknown(data)) from error
    width, height = image.size
    if width * height > max_pixels:
        raise DatasetError(f"An image may have at most {max_pixels:,} pixels; this one has {width:,} × {height:,}.")
    if max(width, height) > MAX_SIDE:
        raise DatasetError(
            f"An image may have at most {MAX_SIDE:,} pixels per side; this one has {width:,} × {height:,}."
        )
    if not width or not height:
        raise DatasetError("This image has no pixels.")
    return image


def count_frames(image: ImageFile) -> int:
    """Return the number of frames of an animation or pages of a TIFF file; 1 if it cannot be determined."""
    if image.format not in _ANIMATED:
        return 1
    try:
        return max(1, int(getattr(image, "n_frames", 1)))
    except Exception:  # the first frame may be whole in a damaged file
        return 1


def _select_formats(data: bytes) -> tuple[str, ...]:
    """Return the formats to try. AVIF and HEIC have readers that may be missing.

    Raises:
        DatasetError: when the file needs a missing reader.
    """
    if data[4:8] != b"ftyp":
        return FORMATS
    brands = {data[8:12], *(data[start : start + 4] for start in range(16, min(len(data), 64), 4))}
    if brands.intersection(_AVIF):
        if not _has_avif():
            raise DatasetError("This AVIF file needs Pillow with AVIF support. Run: pip install --upgrade pillow")
        return ("AVIF",)
    if brands.intersection(_HEIC):
        if not _load_heif():
            raise DatasetError("This HEIC file needs the package pillow-heif. Run: pip install pillow-heif")
        return ("HEIF",)
    return FORMATS


@cache
def _has_avif() -> bool:
    return bool(features.check("avif"))


@cache
def _load_heif() -> bool:
    """Register the reader of HEIC files; return whether it is installed."""
    try:
        import_module("pillow_heif").register_heif_opener(thumbnails=False)
    except ImportError:
        return False
    return True


def _describe_unknown(data: bytes) -> str:
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return (
            "This TIFF file is damaged or has an unsupported pixel format. "
            "Save it with 8, 16 or 32 bits per value in one to four channels."
        )
    return f"This file is not a valid image ({FORMAT_NAMES})."
