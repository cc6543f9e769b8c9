"""Some images of an archive before it is added, to show how those that are not square become squares."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from core.datasets.trees.file_tree import open_zip
from core.datasets.trees.layout import is_image
from core.datasets.trees.litter import is_litter
from core.datasets.trees.tar_tree import DAMAGED_TAR, list_tar_members, unpack
from core.datasets.trees.tree import split_path
from core.errors import DatasetError
from core.files import DAMAGED_ZIP, count_zip_entries
from core.image_file import decode_picture, shrink_picture

_LOOKED, _STEP, _SIDE = 24, 6, 192  # images, images, pixels of the longer side
_SECONDS = 1.5
_MOST_ENTRIES, _MOST_BYTES, _MOST_PIXELS = 50_000, 100_000_000, 20_000_000
_START_BYTES = 512


@dataclass(frozen=True)
class FirstImages:
    """Images of an archive that are not square.

    Attributes:
        looked: Number of images that were read to find them.
        images: File and pixels of each, uint8 of shape (height, width, channels), shrunk to at most 192 pixels.
    """

    looked: int
    images: tuple[tuple[str, NDArray[np.uint8]], ...]


def read_first_images(archive: IO[bytes], most: int = 4) -> FirstImages:
    """Read at most 24 images of a ZIP or tar archive until `most` of them are not square.

    Time and memory are limited: it ends after about 1.5 s, and very large archives and images are not read. Those of a
    ZIP archive are spread over its folders; those of a tar archive are the first. Files that cannot be read are left
    out, because they are reported when the archive is added.
    """
    end, looked = time.monotonic() + _SECONDS, 0
    found: list[tuple[str, NDArray[np.uint8]]] = []
    archive.seek(0)
    start = archive.read(_START_BYTES)
    archive.seek(0)
    try:
        for name, content in _read_zip(archive) if start.startswith(b"PK") else _read_tar(archive, start):
            try:
                picture = decode_picture(
                    content, 3, own_range=True, draft_side=2 * _SIDE, max_pixels=_MOST_PIXELS
                ).picture
            except DatasetError:
                continue
            looked += 1
            if picture.width != picture.height:
                found.append((name, shrink_picture(np.asarray(picture), _SIDE)))
            if looked == _LOOKED or len(found) == most or time.monotonic() > end:
                break
    except (DatasetError, *DAMAGED_ZIP, *DAMAGED_TAR):
        pass
    finally:
        archive.seek(0)
    return FirstImages(looked, tuple(found))


def _read_zip(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    if count_zip_entries(file, _MOST_ENTRIES) > _MOST_ENTRIES:
        return
    with open_zip(file, "archive") as tree:
        names = [*filter(is_image, tree.names)]
        chosen = np.linspace(0, len(names) - 1, min(_LOOKED, len(names))).round().astype(int).tolist()
        spread = [row for first in range(_STEP) for row in chosen[first::_STEP]]  # the first ones are far apart, too
        for name in (names[row] for row in spread):
            try:
                yield name, tree.read(name)
            except DatasetError:
                continue


def _read_tar(file: IO[bytes], start: bytes) -> Iterator[tuple[str, bytes]]:
    content = unpack(file, start)
    for number, (member, name) in enumerate(list_tar_members(content)):
        if number > _MOST_ENTRIES or member.offset_data + member.size > _MOST_BYTES:
            return
        used = not any(part.startswith(".") or is_litter(part) for part in split_path(name))
        if member.isreg() and used and is_image(name):
            content.seek(member.offset_data)
            yield name, content.read(member.size)
