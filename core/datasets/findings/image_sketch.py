"""Sketches of images, which are compared with others: a digest, a perceptual hash, a reduced copy and the content."""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

VARIED, ONE_COLOUR, NEARLY_BLACK, NEARLY_WHITE = range(4)

_SIDE = 32  # pixels of the longer side that are compared; up to 63 if the side is not a multiple
_SAME_COLOUR, _DARK, _EMPTY_SHARE = 2, 12, 0.99

Pixels = NDArray[np.uint8]


class Sketch(NamedTuple):
    """Digest, perceptual hash, reduced copy and content of an image.

    Attributes:
        digest: Hash of the reduced image.
        hash: Perceptual hash (pHash) of 64 bits; 0 if the image has no content.
        reduced: The reduced image, uint8 of shape (height, width, channels).
        content: VARIED, ONE_COLOUR, NEARLY_BLACK or NEARLY_WHITE.
    """

    digest: bytes
    hash: np.uint64
    reduced: Pixels
    content: int


def compute_factor(height: int, width: int) -> int:
    """Return by how much images of a size are reduced; 1 if they are compared whole."""
    return max(1, max(height, width) // _SIDE)


def sketch_picture(picture: Image.Image) -> Sketch:
    """Compute the sketch of an image with mode L or RGB."""
    import imagehash

    factor = compute_factor(picture.height, picture.width)
    small = picture.reduce(factor) if factor > 1 else picture
    reduced = np.asarray(small).reshape(small.height, small.width, -1)
    content = _classify_content(np.asarray(picture)) if _may_lack_content(small, reduced) else VARIED
    code = np.packbits(imagehash.phash(small).hash).view(">u8")[0] if content == VARIED else 0
    return Sketch(digest_pixels(reduced), np.uint64(code), reduced, content)


def digest_pixels(pixels: Pixels) -> bytes:
    """Return the first 16 bytes of the SHA-256 of the pixels."""
    return hashlib.sha256(np.ascontiguousarray(pixels).data).digest()[:16]


def _may_lack_content(small: Image.Image, reduced: Pixels) -> bool:
    """Return whether an image must be classified; cheap, because few must."""
    least, most = _DARK + 4, 255 - _DARK - 4  # averages of an image of which 99% is within _DARK
    return not least < reduced.mean() < most or _has_one_colour(small)


def _classify_content(pixels: Pixels) -> int:
    if (np.ptp(pixels, axis=(0, 1)) <= _SAME_COLOUR).all():
        return ONE_COLOUR
    if (pixels <= _DARK).mean() >= _EMPTY_SHARE:
        return NEARLY_BLACK
    return NEARLY_WHITE if (pixels >= 255 - _DARK).mean() >= _EMPTY_SHARE else VARIED


def _has_one_colour(picture: Image.Image) -> bool:
    return bool((np.ptp(np.reshape(picture.getextrema(), (-1, 2)), axis=1) <= _SAME_COLOUR).all())
