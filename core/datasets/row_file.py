"""Arrays on disk, written and read in blocks of rows to limit memory use."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.datasets.dataset import ARRAYS, Arrays

_BLOCK_BYTES, _HASHED_BYTES = 8_000_000, 1_000_000


class RowWriter:
    """Writer of an .npy file, row by row; the number of rows is written to the header at the end of the block.

    With `count`, it continues after this number of rows of a file that it wrote before.
    """

    def __init__(self, path: Path, row_shape: tuple[int, ...], dtype: DTypeLike, count: int = 0) -> None:
        self.path, self.row_shape, self.dtype, self.count = path, row_shape, np.dtype(dtype), count

    def __enter__(self) -> Self:
        self._file = self.path.open("r+b" if self.count else "wb")
        self._start = self._write_header()
        self._file.truncate(self._start + self.count * _row_bytes(self.row_shape, self.dtype))
        self._file.seek(0, os.SEEK_END)
        return self

    def append(self, row: NDArray[Any]) -> None:
        assert row.shape == self.row_shape
        assert row.dtype == self.dtype
        self._file.write(np.ascontiguousarray(row).data)
        self.count += 1

    def flush(self) -> None:
        self._file.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None:
                self._file.seek(0)
                end = self._write_header()
                assert end == self._start  # NumPy reserves space in the header for a longer first axis

    def _write_header(self) -> int:
        shape = (self.count, *self.row_shape)
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)
        return self._file.tell()


class RowReader:
    """Reader of single rows of an .npy file, in any order. They are read, not memory-mapped, to limit memory use."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._file = self._path.open("rb")
        (self.count, *row_shape), self.dtype = _read_header(self._file)
        self.row_shape, self.start = tuple(row_shape), self._file.tell()
        return self

    def read(self, row: int, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return a row, in `out` if it is given."""
        found = np.empty(self.row_shape, self.dtype) if out is None else out
        self._file.seek(self.start + row * found.nbytes)
        if self._file.readinto(found.data.cast("B")) < found.nbytes:
            raise ValueError(f"row {row} is missing in {self._path.name}")
        return found

    def __exit__(self, *error: object) -> None:
        self._file.close()


def count_rows(path: Path, row_shape: tuple[int, ...], dtype: DTypeLike) -> int:
    """Return the number of complete rows of a file whose RowWriter was interrupted.

    Raises:
        OSError, ValueError: when the file cannot be read or has other rows.
    """
    with path.open("rb") as file:
        (_, *found), found_dtype = _read_header(file)
        if tuple(found) != row_shape or found_dtype != dtype:
            raise ValueError(f"{path.name} has other rows")
        return (path.stat().st_size - file.tell()) // _row_bytes(row_shape, found_dtype)


def copy_rows(source: Path, target: Path, rows: Sequence[int]) -> None:
    """Copy rows of an .npy file to a new file, in this order."""
    with RowReader(source) as reader, RowWriter(target, reader.row_shape, reader.dtype) as writer:
        row = np.empty(reader.row_shape, reader.dtype)
        for number in rows:
            writer.append(reader.read(number, row))


def keep_rows(path: Path, rows: Sequence[int], follow: Callable[[NDArray[Any]], None] = lambda block: None) -> None:
    """Keep only these rows of an .npy file, in this order, without a copy of the file; each at most once.

    A row that would be overwritten before it is moved is saved in a temporary file first. These are few if most rows
    are in ascending order.

    Args:
        follow: Function that receives the kept rows in blocks. A block is valid until the second call after it.
    """
    early = {number: position for position, number in enumerate(n for new, n in enumerate(rows) if n < new)}
    with tempfile.TemporaryFile(dir=path.parent) as saved, RowReader(path) as reader, path.open("r+b") as file:
        shape, dtype = reader.row_shape, reader.dtype
        row_bytes = _row_bytes(shape, dtype)
        together = max(1, _HASHED_BYTES // max(1, row_bytes))
        buffers = [np.empty((min(together, len(rows)), *shape), dtype) for _ in range(2)]
        for number in early:
            saved.write(reader.read(number).data)
        for start in range(0, len(rows), together):
            numbers = rows[start : start + together]
            block = buffers[start // together % 2][: len(numbers)]
            for row, number in zip(block, numbers, strict=True):
                if number in early:
                    saved.seek(early[number] * row_bytes)
                    saved.readinto(row.data.cast("B"))
                else:
                    reader.read(number, row)
            if [*numbers] != [*range(start, start + len(numbers))]:
                file.seek(reader.start + start * row_bytes)
                file.write(block.data)
            follow(block)
    with RowWriter(path, shape, dtype, count=len(rows)):
        pass  # writes the number of rows and ends the file after the last one


def read_blocks(path: Path) -> Iterator[NDArray[Any]]:
    """Yield the rows of an .npy file in blocks. They are read, not memory-mapped, to limit memory use."""
    with path.open("rb") as file:
        shape, dtype = _read_header(file)
        row_bytes = _row_bytes(shape[1:], dtype)
        rows = max(1, _BLOCK_BYTES // max(1, row_bytes))
        for start in range(0, shape[0], rows):
            count = min(rows, shape[0] - start)
            yield np.fromfile(file, dtype, count * row_bytes // dtype.itemsize).reshape(count, *shape[1:])


def compute_fingerprint(arrays: Arrays) -> str:
    """Return the first 16 hex digits of the SHA-256 of dtype, shape and bytes of the four arrays."""
    digest = hashlib.sha256()
    for name in ARRAYS:
        array = np.ascontiguousarray(getattr(arrays, name))
        digest.update(describe_array(name, array.shape, array.dtype))
        digest.update(array.data)
    return digest.hexdigest()[:16]


def read_fingerprint(folder: Path) -> str:
    """Compute the fingerprint of the four files in a folder (see `compute_fingerprint`).

    Raises:
        OSError, ValueError: when a file is missing or truncated.
    """
    with FingerprintHasher() as hasher:
        for name in ARRAYS:
            hasher.add_file(folder, name)
        return hasher.finish()


class FingerprintHasher:
    """Fingerprint of the four arrays (see `compute_fingerprint`), which are hashed in a thread."""

    def __enter__(self) -> Self:
        self._digest, self._pool, self._stopped = hashlib.sha256(), ThreadPoolExecutor(1), False
        self._tasks: list[Future[None]] = []
        return self

    def add_header(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        """Add the next array, whose blocks follow."""
        self._submit(self._digest.update, describe_array(name, shape, np.dtype(dtype)))

    def add_block(self, block: NDArray[Any]) -> None:
        """Add a block of an array. It is hashed until the next call returns."""
        self._wait()
        self._submit(self._digest.update, block.data)

    def add_file(self, folder: Path, name: str) -> None:
        """Add the next array, which is in a file."""
        self._submit(self._hash_file, folder / f"{name}.npy", name)

    def finish(self) -> str:
        """Wait for the thread, and return the fingerprint.

        Raises:
            OSError, ValueError: when a file is missing or truncated.
        """
        self._wait()
        return self._digest.hexdigest()[:16]

    def __exit__(self, *error: object) -> None:
        self._stopped = True
        self._pool.shutdown(cancel_futures=True)

    def _submit(self, function: Callable[..., None], *values: Any) -> None:
        self._tasks.append(self._pool.submit(function, *values))

    def _wait(self) -> None:
        for task in self._tasks:
            task.result()
        self._tasks.clear()

    def _hash_file(self, path: Path, name: str) -> None:
        buffer = memoryview(bytearray(_HASHED_BYTES))
        with path.open("rb") as file:
            shape, dtype = _read_header(file)
            self._digest.update(describe_array(name, shape, dtype))
            left = _row_bytes(shape, dtype)
            while left and not self._stopped:
                count = file.readinto(buffer[: min(left, len(buffer))])
                if not count:
                    raise ValueError(f"{path.name} is truncated")
                self._digest.update(buffer[:count])
                left -= count


def _row_bytes(row_shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    return dtype.itemsize * int(np.prod(row_shape))


def describe_array(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """Return what is hashed before the bytes of an array (see `compute_fingerprint`)."""
    return f"{name} {dtype.str} {shape}\n".encode()


def _read_header(file: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    except Exception as error:  # headers are Python literals; damaged ones raise many types
        raise ValueError(f"invalid header: {error}") from None
    return shape, dtype
