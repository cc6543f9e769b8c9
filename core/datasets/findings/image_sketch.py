"""Sketches of images, which are compared with others: digests, perceptual hashes, reduced copies and the content."""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.augment.pillow import to_array, to_picture

VARIED, ONE_COLOUR, NEARLY_BLACK, NEARLY_WHITE = range(4)

_SIDE = 32  # pixels of the longer side that are compared; up to 63 if the side is not a multiple
_SAME_COLOUR, _DARK, _EMPTY_SHARE = 2, 12, 0.99
_HASH_PIXELS, _HASH_SIDE = 32, 8
_EVERY = 4  # of these pixels and lines, one is enough to see that most images have several colors

Pixels = NDArray[np.uint8]


class Sketches(NamedTuple):
    """Digests and perceptual hashes of images, each array of shape (images,).

    Attributes:
        digests: First 16 bytes of the SHA-256 of the reduced images.
        hashes: Perceptual hashes (pHash) of 64 bits.
        suspect: Whether an image may have no content, so that its pixels must be classified.
    """

    digests: NDArray[np.void]
    hashes: NDArray[np.uint64]
    suspect: NDArray[np.bool_]


def compute_factor(height: int, width: int) -> int:
    """Return by how much images of a size are reduced; 1 if they are compared whole."""
    return max(1, max(height, width) // _SIDE)


def reduce_picture(picture: Image.Image) -> Pixels:
    """Return the reduced copy of an image with mode L or RGB, uint8 of shape (height, width, channels)."""
    factor = compute_factor(picture.height, picture.width)
    return to_array(picture.reduce(factor) if factor > 1 else picture)


def sketch_images(reduced: Pixels) -> Sketches:
    """Compute the sketches of images from their reduced copies, uint8 of shape (images, height, width, channels)."""
    digests = np.array([digest_pixels(image) for image in reduced], "V16")
    return Sketches(digests, _hash_images(reduced), _may_lack_content(reduced))


def digest_pixels(pixels: Pixels) -> bytes:
    """Return the first 16 bytes of the SHA-256 of the pixels."""
    return hashlib.sha256(np.ascontiguousarray(pixels).data).digest()[:16]


def _hash_images(reduced: Pixels) -> NDArray[np.uint64]:
    """Return the pHash of images, equal to that of ImageHash: the signs of 64 coefficients of the cosine transform
    around their median."""
    from scipy.fft import dct

    count, height, width, channels = reduced.shape
    column = to_picture(np.ascontiguousarray(reduced).reshape(count * height, width, channels))
    gray = np.asarray(column.convert("L")).reshape(count, height, width)
    if (height, width) != (_HASH_PIXELS, _HASH_PIXELS):
        size = (_HASH_PIXELS, _HASH_PIXELS)
        gray = np.stack([np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)) for image in gray])
    low = dct(dct(gray.astype(np.float64), axis=1), axis=2)[:, :_HASH_SIDE, :_HASH_SIDE].reshape(count, -1)
    bits = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64)


def _may_lack_content(reduced: Pixels) -> NDArray[np.bool_]:
    """Return which images must be classified; cheap, because few must."""
    least, most = _DARK + 4, 255 - _DARK - 4  # averages of an image of which 99% is within _DARK
    values = reduced.reshape(len(reduced), -1)
    average = values.sum(axis=1, dtype=np.uint64) / values.shape[1]
    one_colour = (np.ptp(reduced[:, ::_EVERY, ::_EVERY], axis=(1, 2)) <= _SAME_COLOUR).all(axis=1)
    rows = np.flatnonzero(one_colour)
    one_colour[rows] = (np.ptp(reduced[rows], axis=(1, 2)) <= _SAME_COLOUR).all(axis=1)
    return (average <= least) | (average >= most) | one_colour


def classify_content(pixels: Pixels) -> int:
    """Return VARIED, ONE_COLOUR, NEARLY_BLACK or NEARLY_WHITE."""
    if (np.ptp(pixels, axis=(0, 1)) <= _SAME_COLOUR).all():
        return ONE_COLOUR
    if (pixels <= _DARK).mean() >= _EMPTY_SHARE:
        return NEARLY_BLACK
    return NEARLY_WHITE if (pixels >= 255 - _DARK).mean() >= _EMPTY_SHARE else VARIED
