"""Files as ranges of bytes in one file, such as the members of a tar archive."""

import os
import tempfile
from typing import IO, Self

from core.datasets.trees.tree import Tree, check_size
from core.errors import DatasetError

Span = tuple[int, int]
"""Offset and size of a file, in bytes."""


class SpanTree(Tree):
    """Files that are ranges of bytes in an open file; threads can read them at the same time."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def read(self, name: str) -> bytes:
        offset, size = self._sources[name]
        check_size(size)
        content = os.pread(self._file.fileno(), size, offset)
        if len(content) < size:
            raise DatasetError("This file is damaged in the archive.")
        return content


class Spool:
    """A temporary file for the content of files that are read in random order later. It is deleted when it is closed.

    Raises:
        DatasetError: when it cannot be written.
    """

    def __init__(self) -> None:
        self._end = 0
        try:
            self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        except OSError as error:
            raise _cannot_write(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def append(self, content: bytes) -> Span:
        try:
            self.file.write(content)
            self.file.flush()
        except OSError as error:
            raise _cannot_write(error) from error
        self._end += len(content)
        return self._end - len(content), len(content)


def _cannot_write(error: OSError) -> DatasetError:
    where = tempfile.gettempdir()
    return DatasetError(f"Cannot write {where}: {error.strerror}. Free space, or set TMPDIR to another folder.")
