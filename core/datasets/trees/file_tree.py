"""Access to the files in a folder or in a ZIP archive; an archive is never unpacked to disk."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.datasets.custom.image_files import MAX_FILES
from core.datasets.trees.folder_tree import FolderTree
from core.datasets.trees.tree import Tree, check_count, check_size, decode_name
from core.errors import DatasetError
from core.files import DAMAGED_ZIP, count_zip_entries

MAX_UNPACKED_BYTES = 20_000_000_000
"""Limit of the total unpacked size of an archive."""

_UTF8 = 0x800
_ZIP = b"PK\x03\x04"
_UNICODE_PATH = 0x7075
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others cannot be unpacked with a size limit


@contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """Open a folder or a ZIP archive.

    Raises:
        DatasetError: when it is neither, the archive is unsafe, or there are too many files.
    """
    try:
        found = FolderTree(path) if path.is_dir() else path.open("rb") if path.is_file() else None
        if found is None:
            reason = "is neither a folder nor an archive" if path.exists() else "does not exist"
            raise DatasetError(f"{path} {reason}.")
    except OSError as error:
        raise DatasetError(f"Cannot read {path}: {error.strerror}.") from error
    if isinstance(found, FolderTree):
        yield found
        return
    with found as file:
        if not zipfile.is_zipfile(file):
            file.seek(0)
            if file.read(len(_ZIP)) == _ZIP:
                raise DatasetError(f"{path.name!r:.80} is an incomplete ZIP archive. Copy or download it again.")
            raise DatasetError(f"{path.name!r:.80} is not a ZIP or tar archive.")
        with open_zip(file, path.name) as tree:
            yield tree


@contextmanager
def open_archive(file: IO[bytes], name: str) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive after checking the types, the paths, the number and the total size of its files.

    Raises:
        DatasetError: when a check fails or the archive is damaged.
    """
    try:
        check_count(count_zip_entries(file, MAX_FILES), "An archive")
        archive = zipfile.ZipFile(file)
    except (*DAMAGED_ZIP, ValueError, OSError) as error:
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


@contextmanager
def open_zip(file: IO[bytes], name: str) -> Iterator[Tree]:
    """Open a ZIP archive as `open_archive` does, and list its files."""
    with open_archive(file, name) as archive:
        yield _Archive(archive)


class _Archive(Tree):
    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__()
        self._archive = archive
        for member in archive.infolist():
            name = _read_name(member)
            check_path(name)
            if name.endswith(("/", "\\")):
                self._add_folder(name)
            else:
                self._add_file(name, member)

    def read(self, name: str) -> bytes:
        member = self._sources[name]
        check_size(member.file_size)  # zipfile does not unpack more than this
        try:
            return self._archive.read(member)
        except (*DAMAGED_ZIP, ValueError) as error:
            raise DatasetError("This file is damaged in the archive.") from error


def _read_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member; without the flag for UTF-8, zipfile has decoded it with cp437.

    Archives of Info-ZIP can contain the name in UTF-8 as well: field 0x7075 of APPNOTE.TXT, section 4.6.9.
    """
    if member.flag_bits & _UTF8:
        return member.filename
    raw, extra = member.filename.encode("cp437"), member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<2H", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and field[1:5] == struct.pack("<I", zlib.crc32(raw)):
            raw = field[5:]
    return decode_name(raw)


def _check_member(member: zipfile.ZipInfo) -> None:
    check_path(member.filename)
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


def check_path(path: str) -> None:
    """
    Raises:
        DatasetError: when a path in an archive is absolute or leads to a parent folder.
    """
    name = path.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        raise DatasetError(f"The archive contains an absolute path or '..': {path!r:.80}.")
