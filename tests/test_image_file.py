"""Image files of users: all modes, rotated, animated, damaged, too large, or not images."""

import io
import re
import struct
from collections.abc import Callable
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image

from core.errors import DatasetError
from core.image_file import compute_grey, read_picture, shrink_picture
from core.lab.sample import PHOTOS, read_photo

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def write(image: Image.Image, form: str = "PNG", **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=form, **settings)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_file_keeps_its_pixels(form: str) -> None:
    found = read_picture(write(Image.fromarray(RGB), form))
    assert found.dtype == np.uint8
    assert_array_equal(found, RGB)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "GIF"])
def test_lossy_file_keeps_its_shape(form: str) -> None:
    assert read_picture(write(Image.fromarray(RGB), form)).shape == (5, 7, 3)


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("1", 1), ("L", 1), ("LA", 1), ("P", 3), ("RGB", 3), ("RGBA", 3), ("CMYK", 3), ("YCbCr", 3), ("I;16", 1)],
)
def test_every_mode_has_one_or_three_channels(mode: str, channels: int) -> None:
    image = Image.fromarray(RGB).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    data = write(image, "TIFF" if mode in ("CMYK", "YCbCr") else "PNG")
    assert read_picture(data).shape == (5, 7, channels)
    assert read_picture(data, channels=1).shape == (5, 7, 1)
    assert read_picture(data, channels=3).shape == (5, 7, 3)


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was rotated
    found = read_picture(write(Image.fromarray(RGB), "PNG", exif=exif))
    assert_array_equal(found, np.rot90(RGB, -1))


def test_first_frame_of_an_animation_is_used() -> None:
    frames = [Image.new("RGB", (4, 3), color) for color in ("red", "blue")]
    found = read_picture(write(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert_array_equal(found, np.broadcast_to([255, 0, 0], (3, 4, 3)))


def test_format_is_detected_from_the_content() -> None:
    """The file has no name."""
    assert read_picture(write(Image.fromarray(RGB), "JPEG")).shape == RGB.shape


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This image file is empty."),
        (b"this is a text", "This file is not a valid image (PNG, JPEG, GIF, WebP, BMP, TIFF, PPM, AVIF or HEIC)."),
        (b"%PDF-1.7", "This file is not a valid image (PNG, JPEG, GIF, WebP, BMP, TIFF, PPM, AVIF or HEIC)."),
        (b"\x89PNG\r\n\x1a\n", "This file is not a valid image (PNG, JPEG, GIF, WebP, BMP, TIFF, PPM, AVIF or HEIC)."),
    ],
)
def test_bytes_that_are_not_an_image_are_rejected(data: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError) as error:
        read_picture(data)
    assert str(error.value) == sentence


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_truncated_file_is_rejected(form: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = write(Image.fromarray(noise), form)
    with pytest.raises(DatasetError, match=rf"^This ({form} file is damaged|file is not a valid image)"):
        read_picture(data[: len(data) // 2])


@settings(deadline=None)
@given(
    form=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM"]),
    share=st.floats(0, 0.999),
    junk=st.binary(min_size=1, max_size=9),
)
def test_damaged_file_is_an_image_or_an_error_message(form: str, share: float, junk: bytes) -> None:
    data = bytearray(write(Image.fromarray(RGB), form))
    start = int(share * len(data))
    data[start : start + len(junk)] = junk
    try:
        found, message = read_picture(bytes(data), max_pixels=10_000), ""
    except DatasetError as error:
        found, message = RGB, str(error)
    assert found.dtype == np.uint8
    assert re.fullmatch(r"((This|An|Images) .*\.)?", message)


def write_head(width: int, height: int) -> bytes:
    """Return the header of a PNG file of this size, without pixels."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", b"")]
    parts = (struct.pack(">I", len(body)) + tag + body + struct.pack(">I", crc32(tag + body)) for tag, body in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(("width", "height", "got"), [(9_000, 8_000, "9,000 × 8,000"), (60_000, 60_000, "far more")])
def test_size_is_rejected_before_pixels_are_decoded(width: int, height: int, got: str) -> None:
    with pytest.raises(DatasetError, match=rf"^An image may have at most 50,000,000 pixels; this one has {got}\."):
        read_picture(write_head(width, height))
    with pytest.raises(DatasetError, match=r"^An image may have at most 30 pixels; this one has 7 × 5\."):
        read_picture(write(Image.fromarray(RGB)), max_pixels=30)


def test_large_file_is_rejected() -> None:
    with pytest.raises(DatasetError, match=r"^An image file may have at most 30 MB; this one has 30\.1 MB\."):
        read_picture(bytes(30_100_000))


@pytest.mark.parametrize("name", PHOTOS)
def test_photograph_is_read(name: str) -> None:
    assert read_picture(read_photo(name)).shape == (427, 640, 3)


@pytest.mark.parametrize(("shape", "side", "expected"), [((40, 80, 3), 20, (10, 20, 3)), ((2, 900, 1), 9, (1, 9, 1))])
def test_shrinking_keeps_the_proportions(shape: tuple[int, ...], side: int, expected: tuple[int, ...]) -> None:
    pixels = np.full(shape, 7, dtype=np.uint8)
    assert_array_equal(shrink_picture(pixels, side), np.full(expected, 7))
    assert shrink_picture(pixels, 1000) is pixels


@pytest.mark.parametrize("turn", [lambda x: x, lambda x: x[..., :1]])
def test_grayscale_equals_pillows_conversion(turn: Callable[[Any], Any]) -> None:
    pixels = turn(RGB)
    expected = np.asarray(Image.fromarray(pixels).convert("L")) if pixels.shape[-1] == 3 else pixels[..., 0]
    assert np.abs(compute_grey(pixels)[..., 0].astype(int) - expected).max() <= 1
