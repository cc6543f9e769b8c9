"""Pixel values as stored in image files, also with more than 8 bits, and the range that is scaled to 0 … 255."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from core.image_format import open_picture

_ISOLATED = 0.001  # share of the values of an image that may be outliers, at each end
_BLOCK = 4_000_000  # values that are scaled at a time, to limit memory
_SAMPLE_FORMAT, _BITS, _PHOTOMETRIC = 339, 258, 262  # TIFF tags
_UNSIGNED, _SIGNED = 1, 2
_ORIENTATION = 0x0112
_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
_LOW_BYTE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


class ValueRange(NamedTuple):
    """Values that become 0 and 255 when images with more than 8 bits are converted to 8 bits."""

    low: float
    high: float


class Extent(NamedTuple):
    """Lowest and highest value of some images, and the same without isolated extreme values of each image."""

    low: float
    inner_low: float
    inner_high: float
    high: float


@dataclass(frozen=True)
class Values:
    """The values of the first frame of an image file, with its rotation applied.

    Attributes:
        values: Shape (height, width, channels) with 1 or 3 channels: uint8, or the type of the file if it has more than
            8 bits or signed values.
        alpha: uint8 of shape (height, width), 0 for transparent pixels; None if no pixel can be transparent.
        inverted: Whether low values are bright.
    """

    values: NDArray[Any]
    alpha: NDArray[np.uint8] | None = None
    inverted: bool = False


def is_deep(image: ImageFile) -> bool:
    """Return whether an image that was opened, but not decoded, has more than 8 bits per value or signed values."""
    return image.mode.startswith(("I", "F")) or _is_signed_8(image) or _find_wide(image) is not None


def decode_values(image: ImageFile, data: bytes) -> Values:
    """Decode the first frame of an image that `open_picture` returned for `data`.

    Raises:
        Exception: of any type, when the file is damaged.
    """
    key, tag = _find_key_colour(image), _read_tag(image, _PHOTOMETRIC)
    wide = _find_wide(image)
    if wide is not None:
        values, alpha = _read_wide(image, data, wide)
    elif image.mode.startswith(("I", "F")) or _is_signed_8(image):
        values, alpha = _read_single(image), None
    else:
        values, alpha = _read_8_bits(image, key)
    if key is not None and alpha is None:
        alpha = np.where((values == np.array(key)).all(axis=-1), np.uint8(0), np.uint8(255))
    turn = image.getexif().get(_ORIENTATION, 1)
    deep = values.dtype != np.uint8
    return Values(_turn(values, turn), None if alpha is None else _turn(alpha, turn), deep and tag == 0)


def decode_plain(image: ImageFile) -> Image.Image | None:
    """Decode the first frame of an image of 8 bits without transparency, with mode L or RGB and its rotation applied.

    Other images, which need `decode_values`, give None and are not decoded.

    Raises:
        Exception: of any type, when the file is damaged.
    """
    if is_deep(image) or image.has_transparency_data:
        return None
    mode = "L" if image.mode in ("1", "L") else "RGB"
    image.load()
    picture = image if image.mode == mode else image.convert(mode)
    turn = _TRANSPOSED.get(image.getexif().get(_ORIENTATION, 1))
    return picture if turn is None else picture.transpose(turn)


def measure_extent(found: Values) -> Extent | None:
    """Return the extent of the finite values of pixels that are not transparent; None without any."""
    values = found.values if found.alpha is None else found.values[found.alpha > 0]
    values = values.reshape(-1)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not len(values):
        return None
    last = len(values) - 1
    outside = int(_ISOLATED * len(values))
    positions = (0, outside, last - outside, last)
    ordered = np.partition(values, sorted(set(positions)))
    return Extent(*(float(ordered[position]) for position in positions))


def merge_extents(extents: Iterable[Extent]) -> Extent | None:
    """Return the common extent of images; None without images."""
    found = list(extents)
    if not found:
        return None
    low, inner_low, inner_high, high = zip(*found, strict=True)
    return Extent(min(low), min(inner_low), max(inner_high), max(high))


def choose_range(extent: Extent) -> ValueRange:
    """Choose the values that become 0 and 255.

    The range contains all values, except isolated extreme ones if they would more than double it. It starts at 0 if
    the lowest value is between 0 and half of the highest one, so that ratios of values are kept.

    >>> choose_range(Extent(950, 960, 3090, 3100))
    ValueRange(low=0.0, high=3100)
    >>> choose_range(Extent(0, 0, 4000, 65535)), choose_range(Extent(-1024, -1000, 3000, 3071))
    (ValueRange(low=0, high=4000), ValueRange(low=-1024, high=3071))
    """
    low, high = extent.low, extent.high
    inner = extent.inner_high - extent.inner_low
    if 0 < inner < (high - low) / 2:
        low, high = extent.inner_low, extent.inner_high
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0 if low else 1.0)
    elif 0 < low <= high / 2:
        low = 0.0
    return ValueRange(low, high)


def scale_values(values: NDArray[Any], found: ValueRange, *, inverted: bool = False) -> NDArray[np.uint8]:
    """Scale values to uint8: `found.low` becomes 0, `found.high` 255; values outside are clipped, NaN becomes 0."""
    flat = np.ascontiguousarray(values).reshape(-1)
    scaled = np.empty(flat.shape, np.uint8)
    for start in range(0, len(flat), _BLOCK):
        block = (flat[start : start + _BLOCK].astype(np.float64) - found.low) * (255 / (found.high - found.low))
        scaled[start : start + _BLOCK] = np.rint(np.clip(np.nan_to_num(block, nan=0.0), 0, 255)).astype(np.uint8)
    return (255 - scaled if inverted else scaled).reshape(values.shape)


def _read_8_bits(image: ImageFile, key: tuple[int, ...] | None) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Return values and transparency of any other image; pixels of the key color are made transparent later."""
    gray = image.mode in ("1", "L", "LA", "La")
    if not image.has_transparency_data or key is not None:
        return _as_array(image.convert("L" if gray else "RGB")), None
    picture = image.convert("LA" if gray else "RGBA")
    values = _as_array(picture.getchannel("L") if picture.mode == "LA" else picture.convert("RGB"))
    return values, np.asarray(picture.getchannel("A"))


def _read_single(image: ImageFile) -> NDArray[Any]:
    signed_8 = _is_signed_8(image)
    unsigned_32 = image.mode == "I" and _read_tag(image, _SAMPLE_FORMAT, _UNSIGNED) == _UNSIGNED
    unsigned_32 = unsigned_32 and _read_tag(image, _BITS) == 32
    values = np.asarray(image)
    if signed_8:
        values = values.view(np.int8)
    elif unsigned_32:
        values = values.view(np.uint32)
    elif values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("="))
    return values[..., np.newaxis]


def _find_wide(image: ImageFile) -> str | None:
    """Return how Pillow reads an image with several channels of 16 bits, of which it keeps the high bytes."""
    if not image.tile:
        return None
    raw, *more = _read_arguments(image)
    if image.tile[0].codec_name in ("ppm", "ppm_plain"):
        return image.tile[0].codec_name if more[0] > 255 else None
    return raw if str(raw)[:-1] in ("LA;16", "RGB;16", "RGBA;16", "RGBX;16", "RGBa;16") else None


def _read_arguments(image: ImageFile) -> tuple[Any, ...]:
    """Return the arguments of the decoder; the first is the arrangement of the bytes."""
    found = image.tile[0].args
    return found if isinstance(found, tuple) else (found or "",)


def _read_wide(image: ImageFile, data: bytes, raw: str) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Read channels of 16 bits: once the high bytes and once the low bytes, which is the other byte order to Pillow."""
    if raw in ("ppm", "ppm_plain"):  # Pillow scales the values by the maximum that the file states
        shape = image.height, image.width, 3 if image.mode == "RGB" else 1
        count, offset = int(np.prod(shape)), image.tile[0].offset
        if raw == "ppm":
            return np.frombuffer(data, ">u2", count, offset).astype(np.uint16).reshape(shape), None
        words = re.sub(rb"#[^\n]*", b"", data[offset:]).split(None, count)[:count]
        return np.array(words, np.uint16).reshape(shape), None
    if raw.startswith("LA"):  # four bytes per pixel: two of the value, two of the transparency
        parts = _decode(image, "RGBA").astype(np.uint16)
        return (parts[..., :1] << 8) | parts[..., 1:2], parts[..., 2].astype(np.uint8)
    plain = raw.replace("a", "A")
    other = open_picture(data, max_bytes=len(data), max_pixels=image.width * image.height)
    values = (_decode(image, plain).astype(np.uint16) << 8) | _decode(other, plain[:-1] + _LOW_BYTE[plain[-1]])
    if values.shape[-1] == 3:
        return values, None
    alpha = values[..., 3:]
    if "a" in raw:  # values multiplied by the transparency
        scaled = values[..., :3].astype(np.uint32) * 65535 // np.maximum(alpha, 1)
        values = np.minimum(scaled, 65535).astype(np.uint16)
    return values[..., :3], (alpha[..., 0] >> 8).astype(np.uint8)


def _decode(image: ImageFile, raw: str) -> NDArray[np.uint8]:
    arguments: Any = (raw, *_read_arguments(image)[1:])
    if isinstance(image.tile[0].args, str):
        arguments = raw
    image.tile = [tile._replace(args=arguments) for tile in image.tile]
    return np.asarray(image)


def _find_key_colour(image: ImageFile) -> tuple[int, ...] | None:
    """Return the color of transparent pixels of an image without a palette and without an alpha channel."""
    key = image.info.get("transparency")
    if image.mode not in ("1", "L", "RGB", "I;16") or not isinstance(key, int | tuple):
        return None
    colour = key if isinstance(key, tuple) else (key,)
    raw = _read_arguments(image)[0] if image.tile else ""
    factor = {"L;2": 85, "L;4": 17}.get(raw, 1)  # Pillow scales the values only
    return tuple(value * factor for value in colour)


def _is_signed_8(image: ImageFile) -> bool:
    return image.mode == "L" and _read_tag(image, _SAMPLE_FORMAT, _UNSIGNED) == _SIGNED


def _read_tag(image: ImageFile, tag: int, default: int | None = None) -> int | None:
    """Return the first value of a TIFF tag."""
    found = getattr(image, "tag_v2", {}).get(tag, default)
    return int(found[0] if isinstance(found, tuple) else found) if found not in (None, ()) else None


def _as_array(picture: Image.Image) -> NDArray[np.uint8]:
    values = np.asarray(picture)
    return values if values.ndim == 3 else values[..., np.newaxis]


def _turn(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Apply the orientation of EXIF (1 … 8) to an array whose first axes are rows and columns."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
