"""Folders with links, special files and odd names, and archives with names of all kinds."""

import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from core.datasets.trees import folder_tree
from core.datasets.trees.file_tree import open_tree
from core.datasets.trees.litter import LITTER, is_litter
from tests.support.paths import ROOT
from tests.support.tree_writer import RawInfo, write_folder


def test_links_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    files = {"in/cat/1.png": b"1", "out/2.png": b"2", "out/in/3.png": b"3"}
    write_folder(tmp_path, files)
    links = {
        "in/cat/file.png": "../../out/2.png", "in/dog": "../out", "in/again": "../out", "in/cat/self": ".",
        "in/cat/up": "../..", "in/cat/round": "round", "in/cat/gone": "nowhere", "out/in/back": "../../in/cat",
    }  # fmt: skip
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    os.mkfifo(tmp_path / "in" / "cat" / "pipe.png")
    with open_tree(tmp_path / "in") as tree:
        names, skipped = tree.names, dict(tree.skipped)
        assert tree.read("cat/file.png") == b"2"
    included = "This link leads to a folder that is included already."
    assert names == ["again/2.png", "again/in/3.png", "cat/1.png", "cat/file.png"]
    assert skipped == {
        "again/in/back/": included, "cat/self/": included, "cat/up/in/": included, "cat/up/out/": included,
        "dog/": included, "cat/gone": "This link is broken: No such file or directory.",
        "cat/round": "This link is broken: Too many levels of symbolic links.",
        "cat/pipe.png": "This is not a regular file.",
    }  # fmt: skip


def test_deep_and_unreadable_folders_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep, descriptor = "x" * 200, os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):  # deeper than the longest path
        os.mkdir(deep, dir_fd=descriptor)
        inner = os.open(deep, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    write_folder(tmp_path, {"/".join(["y"] * 300) + "/1.png": b"1", "locked/1.png": b"1"})
    scan = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(folder_tree.os, "scandir", refuse)
    with open_tree(tmp_path) as tree:
        assert [name.count("/") for name in tree.names] == [300]
        reasons = sorted(reason for _, reason in tree.skipped)
    assert reasons == ["Cannot read the folder: Permission denied.", "The path has more than 4,096 characters."]


def test_archive_names_are_decoded_and_normalized(tmp_path: Path) -> None:
    raw = {
        "äpfel/1.png": "äpfel/1.png".encode(), "bäume/1.png": "bäume/1.png".encode("cp437"),
        "c/1.png": b"c\\1.png", "d/1.png": b"./d//1.png",
    }  # fmt: skip
    named = RawInfo("x/1.png")
    field = struct.pack("<BI", 1, zlib.crc32(b"x/1.png")) + "ñ/1.png".encode()
    named.extra = struct.pack("<2H", 0x7075, len(field)) + field
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for content in raw.values():
            archive.writestr(RawInfo(os.fsdecode(content)), content)
        archive.writestr("größe/1.png", b"flag")
        archive.writestr(named, b"extra")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("größe/1.png", b"later")
    with open_tree(path) as tree:
        assert tree.names == sorted([*raw, "größe/1.png", "ñ/1.png"])
        assert {name: tree.read(name) for name in raw} == raw
        assert (tree.read("größe/1.png"), tree.read("ñ/1.png")) == (b"later", b"extra")
        assert tree.skipped == [("größe/1.png", "A later file in the archive has the same name.")]


def test_litter_is_found_in_any_capitals_and_documented() -> None:
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    for name in (name for names in LITTER.values() for name in names):
        assert f"`{name.strip()}`" in text
        one = name.replace("*", "x").replace("[0-9]", "7")
        assert all(map(is_litter, (one, one.upper(), one.lower())))
    for name in ("recycle", "Recovery", "cat", "tmp", "Icon", "lost", "git", "1.png", "pycache", "x.db", "snapshot"):
        assert not is_litter(name)
