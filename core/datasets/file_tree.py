"""Access to the files in a folder or in a ZIP archive; an archive is never unpacked to disk."""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from core.datasets.image_files import MAX_FILES
from core.errors import DatasetError
from core.files import count_zip_entries
from core.image_format import MAX_BYTES

MAX_UNPACKED_BYTES = 20_000_000_000
"""Limit of the total unpacked size of an archive."""

_DEPTH = 3
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others cannot be unpacked with a size limit


class Tree(Protocol):
    """Files and folders without hidden ones. `names` are sorted relative paths; those of folders end with `/`."""

    names: list[str]

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            DatasetError, OSError: when it is not a file, is damaged, or exceeds the limit for images.
        """


@contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """Open a folder or a ZIP archive.

    Raises:
        DatasetError: when it is neither, the archive is unsafe, or there are too many files.
    """
    try:
        found = _Folder(path) if path.is_dir() else path.open("rb") if path.is_file() else None
        if found is None:
            reason = "is neither a folder nor a ZIP archive" if path.exists() else "does not exist"
            raise DatasetError(f"{path} {reason}.")
    except OSError as error:
        raise DatasetError(f"Cannot read {path}: {error.strerror}.") from error
    if isinstance(found, _Folder):
        yield found
        return
    with found as file:
        if not zipfile.is_zipfile(file):
            raise DatasetError(f"{path} is not a valid ZIP archive.")
        with open_archive(file, path.name) as archive:
            yield _Archive(archive)


@contextmanager
def open_archive(file: IO[bytes], name: str) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive after checking the types, the paths, the number and the total size of its files.

    Raises:
        DatasetError: when a check fails or the archive is damaged.
    """
    try:
        _check_count(count_zip_entries(file, MAX_FILES), "An archive")
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise DatasetError(f"{name!r:.80} is not a valid ZIP archive.") from error
    with archive:
        members = archive.infolist()
        for member in members:
            _check_member(member)
        total = sum(member.file_size for member in members)
        if total > MAX_UNPACKED_BYTES:
            raise DatasetError(
                f"An archive may have at most {MAX_UNPACKED_BYTES / 1e9:g} GB unpacked; this one has "
                f"{total / 1e9:.1f} GB."
            )
        yield archive


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = sorted(_walk(path, "", _DEPTH))
        _check_count(len(self.names), "A folder")

    def read(self, name: str) -> bytes:
        path = self._path / name
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # reading a pipe would block
            raise DatasetError("This is not a regular file.")
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
        _check_size(member.file_size)  # zipfile does not unpack more than this
        try:
            return self._archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            raise DatasetError("This file is damaged in the archive.") from error


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
    """Return whether a name is hidden or belongs to a file manager."""
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _check_count(count: int, container: str) -> None:
    if count > MAX_FILES:
        raise DatasetError(f"{container} may have at most {MAX_FILES:,} files; this one has {count:,}.")


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise DatasetError(
            f"An image file may have at most {MAX_BYTES / 1e6:.0f} MB; this one has {size / 1e6:.1f} MB."
        )


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        raise DatasetError(f"The archive contains an absolute path or '..': {member.filename!r:.80}.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a link" if kind == stat.S_IFLNK else "a special file"
        raise DatasetError(f"The archive contains {what}: {member.filename!r:.80}. Use regular files only.")
    if member.flag_bits & 1:
        raise DatasetError(
            f"The archive contains an encrypted file: {member.filename!r:.80}. Create it without a password."
        )
    if member.compress_type not in _METHODS:
        raise DatasetError(
            f"Unsupported compression of {member.filename!r:.80} in the archive. Use deflate or no compression."
        )
