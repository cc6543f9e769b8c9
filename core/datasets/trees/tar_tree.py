"""Access to the files in a tar archive, which may be compressed with gzip or bzip2. No member is created on disk."""

import bz2
import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, cast

from core.datasets.trees.file_tree import MAX_UNPACKED_BYTES, check_path
from core.datasets.trees.span_tree import Span, SpanTree, Spool
from core.datasets.trees.tree import check_count, decode_name
from core.errors import DatasetError
from core.image_format import MAX_BYTES

_BLOCK = 512
_MAX_HEADER_BYTES = 1_000_000
DAMAGED_TAR = (tarfile.TarError, zlib.error, EOFError, ValueError, RecursionError, OSError)
"""Exceptions of `tarfile` and of the readers of compressed files for a damaged archive."""

_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ"


def is_tar(path: Path) -> bool:
    """Return whether a file begins like a tar archive, or like a file compressed with gzip, bzip2 or xz."""
    try:
        start = _read_start(path)
    except OSError:
        return False
    return start[257:262] == b"ustar" or start.startswith((_GZIP, _BZIP2, _XZ))


@contextmanager
def open_tar(path: Path) -> Iterator[SpanTree]:
    """Open an archive after checking the types, the paths, the number and the total size of its files.

    The files of a compressed archive are copied to a temporary file, because they are read in random order.

    Raises:
        DatasetError: when a check fails or the archive is damaged.
    """
    start = _read_start(path)
    if start.startswith(_XZ):
        raise DatasetError(f"{path.name!r:.80} is compressed with xz. Use gzip, bzip2 or no compression.")
    with ExitStack() as stack:
        try:
            content: IO[bytes] = stack.enter_context(path.open("rb"))
            spool = None
            if (packed := unpack(content, start)) is not content:
                spool = stack.enter_context(Spool())
                content = stack.enter_context(packed)
            tree = _TarTree(content, spool)
        except DAMAGED_TAR as error:
            raise DatasetError(f"{path.name!r:.80} is not a tar archive, or it is damaged.") from error
        yield tree


def unpack(file: IO[bytes], start: bytes) -> IO[bytes]:
    """Return the content of a file that begins with `start`, unpacked if it is compressed with gzip or bzip2."""
    if start.startswith(_GZIP):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    return cast(IO[bytes], bz2.BZ2File(file)) if start.startswith(_BZIP2) else file


def list_tar_members(content: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """Yield the members of an archive and their paths. Those before a member that fails a check are yielded first.

    Raises:
        DatasetError: when a member is no regular file or folder, or its path is unsafe.
        DAMAGED_TAR: when the archive is damaged.
    """
    with tarfile.open(fileobj=cast(Any, _Headers(content)), mode="r:") as archive:
        while (member := archive.next()) is not None:
            cast(Any, archive).members.clear()  # they would fill the memory
            _check_member(member)
            name = decode_name(member.name.encode("utf-8", "surrogateescape"))
            check_path(name)
            yield member, name
        content.seek(archive.offset)
        if content.read(_BLOCK).strip(b"\0"):  # tarfile reads a damaged header as the end
            raise ValueError("a header is damaged")


def _read_start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_BLOCK)


class _TarTree(SpanTree):
    """Members of an archive; they are copied to `spool` if there is one."""

    def __init__(self, content: IO[bytes], spool: Spool | None) -> None:
        super().__init__(spool.file if spool else content)
        for member, name in list_tar_members(content):
            if member.isdir():
                self._add_folder(name)
            else:
                self._add_file(name, _locate(member, content, spool))
            check_count(self._count, "An archive")


def _locate(member: tarfile.TarInfo, content: IO[bytes], spool: Spool | None) -> Span:
    if spool is None or member.size > MAX_BYTES:  # larger files cannot be read anyway
        return member.offset_data, member.size
    content.seek(member.offset_data)
    span = spool.append(content.read(member.size))
    if span[1] < member.size:
        raise EOFError
    return span


def _check_member(member: tarfile.TarInfo) -> None:
    if member.issparse() or not (member.isreg() or member.isdir()):
        what = "a link" if member.issym() or member.islnk() else "a special file"
        raise DatasetError(f"The archive contains {what}: {member.name!r:.80}. Use regular files only.")
    if member.size < 0:
        raise ValueError("a size is negative")
    if member.offset_data + member.size > MAX_UNPACKED_BYTES:
        raise DatasetError(f"An archive may have at most {MAX_UNPACKED_BYTES / 1e9:g} GB unpacked; this one has more.")


class _Headers:
    """A file that refuses to read headers of unusual size, which could fill the memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _MAX_HEADER_BYTES:
            raise ValueError(f"a header has {size} bytes")
        return self._file.read(size)
