"""The files below a folder or in a zip archive, read one by one; an archive is never unpacked."""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from core.datasets.image_files import MOST_FILES
from core.errors import DatasetError
from core.image_file import MAX_BYTES

MOST_BYTES = 20_000_000_000
"""What the files of an archive may have together, unpacked."""

_DEPTH = 3
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others cannot be unpacked with a limit


class Tree(Protocol):
    """`names` are relative to the top, with `/` between and after folders, sorted, hidden files left out."""

    names: list[str]

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            DatasetError, OSError: when it is damaged, no file, or larger than a picture may be.
        """


@contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """
    Raises:
        DatasetError: when there is neither a folder nor a zip archive that can be trusted, or too many files.
    """
    try:
        found = _Folder(path) if path.is_dir() else path.open("rb") if path.is_file() else None
        if found is None:
            got = "something else" if path.exists() else "no such path"
            raise DatasetError(f"Expected a folder or a zip archive; got {got}: {path}.")
    except OSError as error:
        raise DatasetError(f"Expected to be able to read {path}; got: {error.strerror}.") from error
    if isinstance(found, _Folder):
        yield found
        return
    with found as file:
        if not zipfile.is_zipfile(file):
            raise DatasetError(f"Expected a folder or a whole zip archive; got another or a damaged file: {path}.")
        with open_archive(file, path.name) as archive:
            yield _Archive(archive)


@contextmanager
def open_archive(file: IO[bytes], name: str) -> Iterator[zipfile.ZipFile]:
    """A zip archive of plain files with paths below its top, of a number and a size that can be borne; nothing of it
    has been unpacked.

    Raises:
        DatasetError: when it is another one, or damaged.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise DatasetError(f"Expected a whole zip archive; got a damaged one: {name!r:.80}.") from error
    with archive:
        members = archive.infolist()
        _check_count(len(members), "archive")
        for member in members:
            _check_member(member)
        total = sum(member.file_size for member in members)
        if total > MOST_BYTES:
            raise DatasetError(
                f"Expected an archive of at most {MOST_BYTES / 1e9:g} GB unpacked; got {total / 1e9:.1f} GB."
            )
        yield archive


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = sorted(_walk(path, "", _DEPTH))
        _check_count(len(self.names), "folder")

    def read(self, name: str) -> bytes:
        path = self._path / name
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # to read a pipe would be to wait for ever
            raise DatasetError("Expected a file; got something else.")
        _check_size(found.st_size)
        return path.read_bytes()


class _Archive:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        members = archive.infolist()
        self._members = {m.filename: m for m in members if not any(map(_is_hidden, m.filename.split("/")))}
        self.names = sorted(self._members)

    def read(self, name: str) -> bytes:
        member = self._members[name]
        _check_size(member.file_size)  # no more than this is unpacked, whatever else is packed
        try:
            return self._archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            raise DatasetError("Expected a whole file in the archive; got a damaged one.") from error


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_hidden(entry.name):
                continue
            if not entry.is_dir():
                yield prefix + entry.name
                continue
            yield f"{prefix}{entry.name}/"
            if depth > 1:
                yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", depth - 1)


def _is_hidden(name: str) -> bool:
    """What file managers leave behind."""
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _check_count(count: int, what: str) -> None:
    if count > MOST_FILES:
        raise DatasetError(f"Expected at most {MOST_FILES:,} files in the {what}; got {count:,}.")


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise DatasetError(f"Expected an image file of at most {MAX_BYTES / 1e6:.0f} MB; got {size / 1e6:.1f} MB.")


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        raise DatasetError(f"Expected an archive with paths below its top only; got {member.filename!r:.80}.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a link" if kind == stat.S_IFLNK else "a special file"
        raise DatasetError(f"Expected an archive of plain files; got {what}: {member.filename!r:.80}.")
    if member.flag_bits & 1:
        raise DatasetError(f"Expected an archive without a password; got one for {member.filename!r:.80}.")
    if member.compress_type not in _METHODS:
        raise DatasetError(f"Expected an archive packed with deflate or not at all; got {member.filename!r:.80}.")
