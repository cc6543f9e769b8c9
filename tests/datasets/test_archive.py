"""Archives of custom images that are damaged, hostile or too large."""

import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.datasets.custom.add import add_dataset
from core.datasets.trees import file_tree, tree
from core.errors import DatasetError
from core.home import Home
from tests.support.image_folder import make_folder, make_members, make_zip, picture, refusal


def test_files_that_are_not_archives_are_rejected(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    whole = make_zip(path, make_members()).read_bytes()
    for content in (b"", b"PK", b"text", picture((0, 0, 0))):
        path.write_bytes(content)
        assert refusal(home, path) == "'in.zip' is not a ZIP or tar archive."
    for size in (30, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:size])
        assert refusal(home, path) == "'in.zip' is an incomplete ZIP archive. Copy or download it again."
    os.mkfifo(tmp_path / "pipe")
    assert "is neither a folder nor an archive." in refusal(home, tmp_path / "pipe")


def _linked(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("red/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")


def _patch(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def _locked(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0].filename.encode()
    content = bytearray(path.read_bytes())
    entry = content.rindex(first) - 46
    content[entry + 8] |= 1
    path.write_bytes(content)


HOSTILE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "parent": (lambda path: _patch(path, b"red/0.png", b"../0.png "), "an absolute path or '..'"),
    "parent within": (lambda path: _patch(path, b"red/0.png", b"a/../.png"), "an absolute path or '..'"),
    "absolute": (lambda path: _patch(path, b"red/0.png", b"/ed/0.png"), "an absolute path or '..'"),
    "backslash": (lambda path: _patch(path, b"red/0.png", b"..\\0.png "), "an absolute path or '..'"),
    "drive": (lambda path: _patch(path, b"red/0.png", b"C:\\0.png "), "an absolute path or '..'"),
    "link": (_linked, "contains a link: 'red/link.png'"),
    "password": (_locked, "without a password"),
}


@pytest.mark.parametrize(("harm", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_archive_is_rejected_and_writes_nothing_outside_the_home(
    harm: Callable[[Path], Any], sentence: str, home: Home, tmp_path: Path
) -> None:
    path = make_zip(tmp_path / "in.zip", make_members())
    harm(path)
    assert sentence in refusal(home, path)
    assert sorted(os.listdir(tmp_path)) == ["home", "in.zip"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archive_without_a_size_limit_is_rejected(method: int, home: Home, tmp_path: Path) -> None:
    assert "Unsupported compression" in refusal(home, make_zip(tmp_path / "in.zip", make_members(), method))


def test_archive_that_unpacks_to_too_much_is_rejected(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_zip(tmp_path / "in.zip", {**make_members(), "red/bomb.png": bytes(5_000_000)})
    assert path.stat().st_size < 30_000
    monkeypatch.setattr(file_tree, "MAX_UNPACKED_BYTES", 4_000_000)
    assert refusal(home, path) == "An archive may have at most 0.004 GB unpacked; this one has 0.0 GB."


def test_too_large_member_is_left_out_unread(home: Home, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "in.zip", {**make_members(), "red/bomb.png": bytes(60_000_000)})
    with file_tree.open_tree(path) as found, pytest.raises(DatasetError, match="at most 30 MB; this one has 60"):
        found.read("red/bomb.png")
    cached = add_dataset(home, "mine", path, side=8)
    assert (cached.path / "skipped.txt").read_text() == (
        "red/bomb.png: An image file may have at most 30 MB; this one has 60.0 MB.\n"
    )


def test_member_with_a_false_size_is_read_only_up_to_it_and_left_out(home: Home, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "in.zip", {**make_members(), "red/bomb.png": bytes(60_000_000)})
    _patch(path, struct.pack("<I", 60_000_000), struct.pack("<I", 100))
    cached = add_dataset(home, "mine", path, side=8)
    assert (cached.info.train_count, cached.info.test_count, cached.info.skipped) == (12, 3, 1)
    assert "damaged" in (cached.path / "skipped.txt").read_text()


@pytest.mark.parametrize("archive", [False, True])
def test_too_many_files_are_counted_and_rejected(
    archive: bool, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (file_tree, tree):
        monkeypatch.setattr(module, "MAX_FILES", 9)
    source = make_zip(tmp_path / "in.zip", make_members()) if archive else make_folder(tmp_path / "in", {"red": 14})
    what = "An archive" if archive else "A folder"
    assert refusal(home, source) == f"{what} may have at most 9 files; this one has 15."
