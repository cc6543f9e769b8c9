"""PNG and TIFF files with any number of bits, which Pillow reads but does not write."""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PNG_COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}  # by channels: grayscale, with alpha, RGB, with alpha
_FORMAT = {"u": 1, "i": 2, "f": 3}


def _chunk(tag: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))


def write_png(values: NDArray[Any], bits: int = 0, key: tuple[int, ...] | None = None) -> bytes:
    """Return a PNG file of values of shape (height, width, channels), uint8 or uint16.

    Args:
        bits: 1, 2 or 4 for grayscale values with fewer than 8 bits.
        key: The color of transparent pixels (tRNS).
    """
    height, width, channels = values.shape
    bits = bits or values.dtype.itemsize * 8
    if bits < 8:
        unpacked = np.unpackbits(values.astype(np.uint8), axis=-1)[..., -bits:].reshape(height, -1)
        lines = np.packbits(unpacked, axis=1)
    else:
        lines = values.astype(values.dtype.newbyteorder(">")).reshape(height, -1)
    body = b"".join(b"\0" + line.tobytes() for line in lines)
    head = struct.pack(">IIBBBBB", width, height, bits, _PNG_COLOUR[channels], 0, 0, 0)
    parts = [_chunk(b"IHDR", head)]
    if key is not None:
        parts.append(_chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)))
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, _chunk(b"IDAT", zlib.compress(body)), _chunk(b"IEND", b"")])


def write_tiff(values: NDArray[Any], *, order: str = "<", deflate: bool = False, extra: int = 2) -> bytes:
    """Return a TIFF file of values of shape (height, width, channels) with 1, 3 or 4 channels.

    Args:
        extra: 1 if the values of four channels are multiplied by the transparency, otherwise 2.
    """
    height, width, channels = values.shape
    body = values.astype(values.dtype.newbyteorder(order)).tobytes()
    body = zlib.compress(body) if deflate else body
    kind, bits = _FORMAT[values.dtype.kind], values.dtype.itemsize * 8
    tags: dict[int, tuple[int, ...]] = {
        256: (width,), 257: (height,), 258: (bits,) * channels, 259: (8 if deflate else 1,),
        262: (1 if channels == 1 else 2,), 273: (0,), 277: (channels,), 278: (height,), 279: (len(body),),
        339: (kind,) * channels,
    }  # fmt: skip
    if channels == 4:
        tags[338] = (extra,)
    start = 8 + 2 + 12 * len(tags) + 4
    long = {tag: found for tag, found in tags.items() if len(found) > 2}
    tags[273] = (start + sum(2 * len(found) for found in long.values()),)
    entries, tail = b"", b""
    for tag, found in sorted(tags.items()):
        if tag in long:
            offset = start + len(tail)
            tail += struct.pack(f"{order}{len(found)}H", *found)
            entries += struct.pack(f"{order}HHII", tag, 3, len(found), offset)
        else:
            entries += struct.pack(f"{order}HHII", tag, 4, 1, found[0])
    head = b"II*\0" if order == "<" else b"MM\0*"
    count = struct.pack(f"{order}IH", 8, len(tags))
    return head + count + entries + bytes(4) + tail + body
