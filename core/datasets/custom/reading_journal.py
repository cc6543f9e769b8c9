"""State of an import on disk: its pixels and a journal, from which it continues after an interruption."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from core.bounds import Count, Extremes, Pixels, Prose
from core.datasets.custom.image_files import ImageOrReason
from core.datasets.row_file import RowReader, RowWriter, count_rows
from core.files import read_file
from core.image_values import ValueRange

JOURNAL = "journal.jsonl"
_FLUSH = 64  # files
_LINE: TypeAdapter[str | tuple[int, int, int] | dict[Literal["value_range"], Extremes]] = TypeAdapter(
    Prose | tuple[Pixels, Pixels, Count] | Annotated[dict[Literal["value_range"], Extremes], Field(min_length=1)]
)


class ReadingJournal:
    """Writer of the images of an import. Each line of the journal is a file: its size and frames, or why it is skipped.

    Attributes:
        sources: Width, height and frames of each readable file; None for the others.
        refused: The reason for each of the others, by index.
        value_range: The range of values with more than 8 bits, if it is known.
    """

    def __init__(self, folder: Path, images: Path, shape: tuple[int, int, int]) -> None:
        self.sources: list[tuple[int, int, int] | None] = []
        self.refused: dict[int, str] = {}
        self.value_range: ValueRange | None = None
        self._path, self._images, self._shape = folder / JOURNAL, images, shape

    def __enter__(self) -> Self:
        end = self._replay()
        with ExitStack() as opened:  # closed if the second cannot be opened
            self._file = opened.enter_context(self._path.open("ab"))
            os.truncate(self._path, end)
            self._rows = RowWriter(self._images, self._shape, np.uint8, count=len(self.sources) - len(self.refused))
            opened.enter_context(self._rows)
            opened.pop_all()
        return self

    def append(self, found: ImageOrReason) -> None:
        """Store the image of the next file, or the reason why it is skipped."""
        if isinstance(found, str):
            self.refused[len(self.sources)] = found
            self.sources.append(None)
            self._write(found)
        else:
            self._rows.append(found.pixels)
            self.sources.append((found.width, found.height, found.frames))
            self._write(self.sources[-1])
        if len(self.sources) % _FLUSH == 0:
            self._rows.flush()  # before the journal, which must not be ahead of the pixels
            self._file.flush()

    def read_stored(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the images that were stored before an interruption."""
        count = len(self.sources) - len(self.refused)
        if count:
            with RowReader(self._images) as reader:
                yield from map(reader.read, range(count))

    def write_range(self, value_range: ValueRange) -> None:
        self.value_range = value_range
        self._write({"value_range": value_range})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.__exit__(kind, error, trace)
        self._file.close()

    def _write(self, value: Any) -> None:
        self._file.write(json.dumps(value).encode() + b"\n")

    def _replay(self) -> int:
        """Read the journal up to the last image whose pixels are on disk; return its length."""
        try:
            lines = read_file(self._path).splitlines(keepends=True)
            stored = count_rows(self._images, self._shape, np.uint8)
        except (OSError, ValueError):
            return 0
        end = 0
        for line in lines:
            try:
                value = _LINE.validate_json(line if line.endswith(b"\n") else b"")
            except ValidationError:
                break
            if isinstance(value, str):
                self.refused[len(self.sources)] = value
                self.sources.append(None)
            elif isinstance(value, dict):
                self.value_range = ValueRange(*value["value_range"])
            elif len(self.sources) - len(self.refused) < stored:
                self.sources.append(value)
            else:
                break
            end += len(line)
        return end
