"""Images of an upload that show how images become squares, before it is added."""

import gzip
import io
import time
from pathlib import Path

import pytest

from core.datasets.custom import first_images
from core.datasets.custom.first_images import read_first_images
from tests.support.image_folder import COLOURS, make_members, make_zip, picture
from tests.support.tar import pack

_PAGES = {
    "cat/readme.txt": b"text",
    "cat/.hidden.png": picture(COLOURS["red"]),
    "cat/@eaDir/1.png": b"",
    "z/1.png": b"-",
}


def _archives(tmp_path: Path, members: dict[str, bytes]) -> list[bytes]:
    tar = pack(*members.items())
    return [make_zip(tmp_path / "a.zip", members).read_bytes(), tar, gzip.compress(tar)]


def test_images_that_are_not_square_are_found_in_every_kind_of_archive(tmp_path: Path) -> None:
    wide = {"cat/photo.jpg": picture(COLOURS["red"], (3000, 1000), "JPEG"), "dog/1.png": picture(COLOURS["blue"])}
    square = {"cat/0.png": picture(COLOURS["red"], (9, 9))}
    for content in _archives(tmp_path, _PAGES | square | wide):
        found = read_first_images(io.BytesIO(content))
        shapes = {name: pixels.shape for name, pixels in found.images}
        assert (found.looked, shapes) == (3, {"cat/photo.jpg": (64, 192, 3), "dog/1.png": (14, 20, 3)})
    for content in _archives(tmp_path, square | {"dog/1.png": square["cat/0.png"]}):
        assert (read_first_images(io.BytesIO(content)).looked, read_first_images(io.BytesIO(content)).images) == (2, ())
    for content in _archives(tmp_path, make_members(count=90)):
        assert len(read_first_images(io.BytesIO(content)).images) == 4


def test_classes_of_a_zip_archive_are_spread(tmp_path: Path) -> None:
    content = make_zip(tmp_path / "a.zip", make_members(count=90)).read_bytes()
    names = [name for name, _ in read_first_images(io.BytesIO(content)).images]
    assert {name.partition("/")[0] for name in names} == {*COLOURS}


def test_damaged_and_huge_archives_show_nothing_in_a_short_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in _archives(tmp_path, make_members()):
        for damaged in (content[: len(content) // 3], b"PK" + content[::-1], b"", b"\x1f\x8b" + content):
            assert len(read_first_images(io.BytesIO(damaged)).images) <= 4
    huge = pack(("cat/0.bin", bytes(200_000_000)), ("cat/1.png", picture(COLOURS["red"])))
    begin = time.process_time()
    assert read_first_images(io.BytesIO(gzip.compress(huge, 1))).images == ()
    assert time.process_time() - begin < 5
    monkeypatch.setattr(first_images, "_MOST_ENTRIES", 3)
    for content in _archives(tmp_path, make_members()):
        assert len(read_first_images(io.BytesIO(content)).images) <= 4
    bomb = picture(COLOURS["red"], (6000, 4000))
    assert read_first_images(io.BytesIO(pack(("cat/0.png", bomb)))).looked == 0
