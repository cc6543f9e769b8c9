"""Tar archives of images: the same files as in a folder, and hostile archives."""

import bz2
import gzip
import lzma
import tarfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.trees import tar_tree
from core.datasets.trees.source_tree import open_source
from core.errors import DatasetError
from tests.support.tar import pack

FILES = {"a/1.png": b"one", "a/2.png": b"two" * 5000, "b/ü 3.png": b"", f"b/{'n' * 120}.png": b"long"}
PACKED: dict[str, Callable[[bytes], bytes]] = {"tar": bytes, "gz": gzip.compress, "bz2": bz2.compress}


def special(kind: bytes, name: str = "a/1.png", target: str = "a/2.png", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


def read_all(path: Path) -> dict[str, bytes]:
    with open_source(path) as tree:
        return {name: tree.read(name) for name in tree.names}


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_archive_has_the_files_of_the_folder(packing: str, form: int, tmp_path: Path) -> None:
    path = tmp_path / "images"
    dotted = [(f"./{name}", content) for name, content in FILES.items()]
    litter = [("./.hidden/1.png", b"x"), ("./a/._1.png", b"x"), ("__MACOSX/a/1.png", b"x")]
    folders = [(special(tarfile.DIRTYPE, name), b"") for name in (".", "./a", "./empty")]
    path.write_bytes(PACKED[packing](pack(*folders, *dotted, *litter, form=form)))
    assert read_all(path) == FILES
    with open_source(path) as tree:
        assert "empty" in tree.folders
        assert tree.skipped == [(".hidden/1.png", "This file is in a hidden folder.")]
        assert tree.ignored == {"._1.png", "__MACOSX"}


LINK = r"^The archive contains a link: 'a/1\.png'\. Use regular files only\.$"
SPECIAL = r"^The archive contains a special file: 'a/1\.png'"
PATHS = r"^The archive contains an absolute path or '\.\.': "
DAMAGED = r"^'images' is not a tar archive, or it is damaged\.$"
PAX = special(tarfile.XHDTYPE, size=3_000_000)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "symbolic link": (pack((special(tarfile.SYMTYPE, target="/etc/passwd"), b"")), LINK),
    "hard link": (pack((special(tarfile.LNKTYPE), b"")), LINK),
    "pipe": (pack((special(tarfile.FIFOTYPE), b"")), SPECIAL),
    "device": (pack((special(tarfile.CHRTYPE), b"")), SPECIAL),
    "block device": (pack((special(tarfile.BLKTYPE), b"")), SPECIAL),
    "sparse file": (pack((special(tarfile.GNUTYPE_SPARSE), b"")), f"{SPECIAL}|{DAMAGED}"),
    "absolute path": (pack(("/a/1.png", b"x")), PATHS),
    "parent folder": (pack(("a/../../1.png", b"x")), PATHS),
    "backslashes": (pack(("a\\..\\..\\1.png", b"x")), PATHS),
    "drive": (pack(("C:/a/1.png", b"x")), PATHS),
    "link in front of a path": (pack((special(tarfile.SYMTYPE, "a", "/"), b""), ("a/1.png", b"x")), "a link: 'a'"),
    "large header": (pack((PAX, b"3000000 comment=".ljust(2_999_999, b"x") + b"\n"), ("a/1.png", b"x")), DAMAGED),
    "nested headers": (pack(*[(special(tarfile.XHDTYPE, size=9), b"9 a=bcde\n")] * 5000), DAMAGED),
    "damaged header": (pack(("a/1.png", b"x"))[:1024] + b"damaged" * 200, DAMAGED),
    "cut in a file": (pack(("a/1.png", b"x" * 5000))[:3000], DAMAGED),
    "cut in a header": (pack(("a/1.png", b"x"), ("a/2.png", b"y"))[:1200], DAMAGED),
    "xz": (lzma.compress(pack(("a/1.png", b"x"))), "is compressed with xz. Use gzip, bzip2 or no compression"),
    "no archive": (gzip.compress(b"no archive"), DAMAGED),
    "cut gzip": (gzip.compress(pack(("a/1.png", bytes(range(256)) * 50)))[:200], DAMAGED),
    "text": (b"a,b\n", "'images' is not a ZIP or tar archive"),
}


def set_size(archive: bytes, size: bytes) -> bytes:
    """Return an archive with another size in its first header, and the checksum of the header."""
    header = bytearray(archive[:512])
    header[124:136], header[148:156] = size, b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + archive[512:]


ONE = pack(("a/1.png", b"x"), form=tarfile.GNU_FORMAT)
HOSTILE["huge file"] = set_size(ONE, b"\x80" + (2**70).to_bytes(11, "big")), "at most 20 GB unpacked; this one has more"
HOSTILE["negative size"] = set_size(ONE, b"\xff" + (2**88 - 512).to_bytes(11, "big")), DAMAGED


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archive_is_refused(case: str, tmp_path: Path) -> None:
    content, message = HOSTILE[case]
    for packing in ("tar", "gz"):
        path = tmp_path / "images"
        path.write_bytes(PACKED[packing](content))
        if packing == "gz" and case in ("xz", "text"):
            message = DAMAGED
        with pytest.raises(DatasetError, match=message):
            read_all(path)
    assert list(tmp_path.iterdir()) == [path]


def test_archive_with_too_many_files_is_refused_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.datasets.trees.tree.MAX_FILES", 100)
    path = tmp_path / "images.tar"
    path.write_bytes(pack(*[(f"a/{k}.png", b"") for k in range(101)]))
    with pytest.raises(DatasetError, match=r"An archive may have at most 100 files; this one has 101\."):
        read_all(path)


def test_bomb_takes_neither_memory_nor_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_tree, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr("core.datasets.trees.tree.MAX_BYTES", 1_000_000)
    path = tmp_path / "images.tar.gz"
    path.write_bytes(gzip.compress(pack(("a/1.png", bytes(60_000_000)), ("a/2.png", b"two")), 1))
    tracemalloc.start()
    started = time.monotonic()
    with open_source(path) as tree:
        assert tree.read("a/2.png") == b"two"
        with pytest.raises(DatasetError, match="at most 1 MB; this one has 60"):
            tree.read("a/1.png")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert time.monotonic() - started < 20


def test_full_temporary_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    path = tmp_path / "images.tgz"
    path.write_bytes(gzip.compress(pack(("a/1.png", b"x"))))
    with pytest.raises(DatasetError, match=r"^Cannot write .*missing: No such file or directory\. Free space, or set"):
        read_all(path)
