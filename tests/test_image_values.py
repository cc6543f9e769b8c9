"""Image values with more than 8 bits, signed values and transparency, in every mode that a file can have."""

import io
import sys
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from core import image_format
from core.errors import DatasetError
from core.image_file import UnknownRangeError, decode_picture, read_extent, read_picture
from core.image_values import Extent, ValueRange, choose_range, merge_extents
from tests.support.image_writer import write_png, write_tiff

TWELVE = ValueRange(0, 3_000)


def save(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, form, **options)
    return content.getvalue()


def write_deep(values: np.ndarray[Any, Any]) -> dict[str, bytes]:
    """Return files of all formats that can hold values of shape (height, width, channels)."""
    channels, kind = values.shape[-1], values.dtype
    files = {}
    if kind == np.uint16:
        files["PNG"] = write_png(values)
    if kind == np.uint16 and channels in (1, 3):
        height, width, _ = values.shape
        head = f"P{5 if channels == 1 else 6} {width} {height} 65535\n".encode()
        files["PPM"] = head + values.astype(">u2").tobytes()
        files["PPM of 12 bits"] = head.replace(b"65535", b"4095") + values.astype(">u2").tobytes()
        plain = f"P{2 if channels == 1 else 3} {width} {height} 4095\n".encode()
        files["PPM as text"] = plain + b" # text\n".join(str(value).encode() for value in values.ravel())
    if channels != 2:
        for order in "<>" if kind != np.uint32 else "<":
            files[f"TIFF {order}"] = write_tiff(values, order=order)
        files["TIFF deflate"] = write_tiff(values, deflate=True)
    return files


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(["u2", "i2", "u4", "i4", "f4", "i1"]),
    channels=st.sampled_from([1, 2, 3, 4]),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    seed=st.integers(0, 999),
)
def test_values_of_every_depth_are_scaled_by_the_given_range(
    kind: str, channels: int, size: tuple[int, int], seed: int
) -> None:
    dtype = np.dtype(kind)
    channels = channels if kind == "u2" else 1
    random = np.random.default_rng(seed)
    low, high = (-90, 90) if kind == "i1" else (0, 3_000) if dtype.kind == "u" else (-3_000, 3_000)
    values = random.integers(low, high, (*size, channels), endpoint=True).astype(dtype)
    colours = values
    if channels in (2, 4):
        colours, values[..., -1] = values[..., :-1], 65_535
    expected = np.rint((colours.astype(np.float64) - low) * (255 / (high - low)))
    for name, data in write_deep(values).items():
        with pytest.raises(UnknownRangeError):
            decode_picture(data)
        found = decode_picture(data, 3, ValueRange(low, high))
        assert found.deep, name
        assert_array_equal(found.pixels, np.broadcast_to(expected, (*size, 3)), name)
        assert read_extent(data) is not None, name


SHAPES = np.zeros((8, 8), bool)
SHAPES[2:6, 3:5] = True


def write_shapes(level: int) -> dict[str, bytes]:
    """Return files of every mode with a shape of brightness `level` on a transparent ground of the same color."""
    alpha = Image.fromarray(np.where(SHAPES, np.uint8(255), np.uint8(0)))
    gray = Image.new("L", (8, 8), level)
    layers = {"LA": Image.merge("LA", [gray, alpha]), "RGBA": Image.merge("RGBA", [gray, gray, gray, alpha])}
    palette = Image.fromarray(SHAPES.astype(np.uint8), "P")
    palette.putpalette([level] * 6)
    half_palette = {"P index": {"transparency": 0}, "P bytes": {"transparency": bytes([0, 255])}}
    files = {f"{mode} {form}": save(image, form) for mode, image in layers.items() for form in ("PNG", "TIFF")}
    files |= {name: save(palette, **options) for name, options in half_palette.items()}
    files["GIF"] = save(palette, "GIF", transparency=0)
    files["WEBP"] = save(layers["RGBA"], "WEBP", lossless=True, exact=True)
    if image_format._has_avif():
        files["AVIF"] = save(layers["RGBA"], "AVIF", quality=100)
    key = 255 - level
    grounded = np.where(SHAPES, level, key)[..., np.newaxis].astype(np.uint8)
    files["L key"] = write_png(grounded, key=(key,))
    files["RGB key"] = write_png(np.repeat(grounded, 3, -1), key=(key,) * 3)
    deep = grounded.astype(np.uint16) * 257
    files["I;16 key"] = write_png(deep, key=(key * 257,))
    files["RGB 16 key"] = write_png(np.repeat(deep, 3, -1), key=(key * 257,) * 3)
    opacity = np.where(SHAPES, 65_535, 0)[..., np.newaxis].astype(np.uint16)
    levels = np.full((8, 8, 1), level * 257, np.uint16)
    files["LA 16"] = write_png(np.concatenate([levels, opacity], -1))
    rgba = np.concatenate([levels, levels, levels, opacity], -1)
    files["RGBA 16"] = write_png(rgba)
    files["RGBA 16 TIFF"] = write_tiff(rgba)
    files["RGBa 16 TIFF"] = write_tiff(np.where(opacity > 0, rgba, 0).astype(np.uint16), extra=1)
    if level in (0, 255):
        for bits in (1, 2, 4):
            most = 2**bits - 1
            files[f"L {bits}"] = write_png(grounded // 255 * most, bits, key=(key // 255 * most,))
    return files


@pytest.mark.parametrize("level", [0, 60, 200, 255])
@pytest.mark.parametrize("channels", [1, 3, None])
def test_shape_on_a_transparent_ground_is_visible_in_every_mode(level: int, channels: int | None) -> None:
    ground = 0 if level > 127 else 255
    for name, data in write_shapes(level).items():
        found = read_picture(data, channels=channels, value_range=ValueRange(0, 65_535)).astype(int)
        expected = np.where(SHAPES, level, ground)[..., np.newaxis]
        assert np.abs(found - expected).max() <= (40 if name == "AVIF" else 0), name


def test_half_transparent_pixels_are_blended_with_the_ground() -> None:
    data = np.array([[[200, 0, 0, 255], [200, 0, 0, 128], [9, 9, 9, 0]]], np.uint8)
    assert_allclose(read_picture(save(Image.fromarray(data)))[0], [[200, 0, 0], [227, 127, 127], [255] * 3], atol=1)
    nothing = Image.new("RGBA", (2, 2), (255, 255, 255, 0))
    assert_array_equal(read_picture(save(nothing)), np.full((2, 2, 3), 255))


def test_transparent_values_do_not_widen_the_range() -> None:
    values = np.full((4, 4, 1), 1_000, np.uint16)
    values[0, 0] = 65_535
    assert read_extent(write_png(values, key=(65_535,))) == (1_000, 1_000, 1_000, 1_000)
    assert read_extent(write_png(values)) == (1_000, 1_000, 65_535, 65_535)


def test_two_classes_of_12_bit_values_keep_their_ratio() -> None:
    random = np.random.default_rng(0)
    bright, dark = (random.integers(m - 50, m + 50, (32, 32, 1)).astype(np.uint16) for m in (3_000, 1_000))
    hot = dark.copy()
    hot[3, 3] = 65_535  # an isolated defect
    files = [write_png(image) for image in (bright, dark, hot)]
    files += [write_png(np.repeat(image, 3, -1)) for image in (bright, hot)]
    extent = merge_extents(extent for data in files if (extent := read_extent(data)))
    assert extent
    found = choose_range(extent)
    assert found.low == 0
    assert 3_000 < found.high <= 3_050
    means = [read_picture(data, value_range=found).mean() for data in files]
    assert means[0] > 240
    assert_allclose(np.array(means) / means[0], [1, 1 / 3, 1 / 3, 1, 1 / 3], atol=0.02)


@pytest.mark.parametrize(
    ("extent", "expected"),
    [
        ((0, 0, 65_535, 65_535), (0, 65_535)),
        ((27_000, 27_100, 30_900, 31_000), (27_000, 31_000)),  # an offset carries no ratio
        ((0, 0, 0, 3_000), (0, 3_000)),  # a few bright points on black
        ((-32_768, 0, 3_000, 3_000), (0, 3_000)),
        ((5, 5, 5, 5), (0, 5)),
        ((-5, -5, -5, -5), (-5, 0)),
        ((0, 0, 0, 0), (0, 1)),
        ((-1, -1, 1, 1), (-1, 1)),
        ((0.1, 0.1, 0.9, 0.95), (0, 0.95)),
    ],
)
def test_range_of_values(extent: tuple[float, ...], expected: tuple[float, float]) -> None:
    assert choose_range(Extent(*extent)) == expected


@given(st.lists(st.floats(-1e300, 1e300), min_size=4, max_size=4))
def test_any_extent_gives_a_range(numbers: list[float]) -> None:
    found = choose_range(Extent(*sorted(numbers)))
    assert found.low < found.high


def test_values_that_are_not_finite_are_dark() -> None:
    values = np.array([[[np.nan], [np.inf], [-np.inf], [2], [1]]], np.float32)
    data = write_tiff(values)
    assert read_extent(data) == (1, 1, 2, 2)
    assert_array_equal(read_picture(data)[0, :, 0], [0, 255, 0, 255, 128])
    assert_array_equal(read_picture(write_tiff(np.full((2, 2, 1), np.nan, np.float32))), np.zeros((2, 2, 1)))


def test_values_of_a_single_image_are_scaled_by_its_own_range() -> None:
    assert_array_equal(read_picture(write_png(np.array([[[0], [257], [65_535]]], np.uint16)))[..., 0], [[0, 1, 255]])
    assert_array_equal(read_picture(write_png(np.array([[[0], [4_095]]], np.uint16)))[..., 0], [[0, 255]])
    assert_array_equal(read_picture(write_png(np.array([[[7], [9]]], np.uint8)), value_range=TWELVE)[..., 0], [[7, 9]])


def test_every_orientation_is_applied_at_every_depth() -> None:
    values = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    turns = [
        values, values[:, ::-1], values[::-1, ::-1], values[::-1], values.swapaxes(0, 1), np.rot90(values, -1),
        values.swapaxes(0, 1)[::-1, ::-1], np.rot90(values),
    ]  # fmt: skip
    for orientation, expected in enumerate(turns, 1):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind in (np.uint8, np.uint16, np.float32):
            form = "TIFF" if kind == np.float32 else "PNG"
            for given_form in {form, "TIFF"}:
                data = save(Image.fromarray(values[..., 0].astype(kind)), given_form, exif=exif)
                found = read_picture(data, value_range=ValueRange(0, 255))
                assert_array_equal(found, expected, f"{given_form} {kind} {orientation}")


def test_frames_are_counted_and_the_first_is_read() -> None:
    frames = [Image.new("RGB", (4, 3), color) for color in ("red", "blue", "lime")]
    for form in ("GIF", "WEBP", "PNG", "TIFF", *(["AVIF"] if image_format._has_avif() else [])):
        found = decode_picture(save(frames[0], form, save_all=True, append_images=frames[1:]))
        assert found.frames == 3, form
        assert np.abs(found.pixels.astype(int) - [255, 0, 0]).max() < 40, form
        assert decode_picture(save(frames[0], form)).frames == 1
    pages = [Image.fromarray(np.full((2, 2), level, np.uint16)) for level in (7, 900)]
    deep = save(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert (decode_picture(deep, value_range=ValueRange(0, 7)).frames, read_extent(deep)) == (2, (7, 7, 7, 7))


def test_missing_reader_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    heic = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(64)
    avif = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + bytes(64)
    image_format._load_heif.cache_clear()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(image_format, "_has_avif", lambda: False)
    with pytest.raises(DatasetError, match=r"^This HEIC file needs the package pillow-heif\. Run: pip install "):
        read_picture(heic)
    with pytest.raises(DatasetError, match=r"^This AVIF file needs Pillow with AVIF support\. Run: pip install "):
        read_picture(avif)
    image_format._load_heif.cache_clear()


@settings(deadline=None, max_examples=150)
@given(
    index=st.integers(0, 999),
    share=st.floats(0, 0.999),
    junk=st.binary(min_size=1, max_size=9),
    cut=st.booleans(),
)
def test_damaged_file_of_any_kind_is_an_image_or_an_error(index: int, share: float, junk: bytes, cut: bool) -> None:
    found = list(FILES.values())
    data = bytearray(found[index % len(found)])
    start = int(share * len(data))
    data[start : start + len(junk)] = junk
    if cut:
        del data[start + len(junk) :]
    read_extent(bytes(data))
    with suppress(DatasetError):
        assert read_picture(bytes(data), max_pixels=10_000).dtype == np.uint8


FILES = {
    **write_shapes(200),
    **{
        f"{kind} {name}": data
        for kind in ("u2", "i2", "u4", "i4", "f4", "i1")
        for name, data in write_deep(np.full((3, 4, 1), 90).astype(kind)).items()
    },
}
