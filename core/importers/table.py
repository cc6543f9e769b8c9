"""CSV files of limited size, read as columns of text."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from core.errors import ImportFileError
from core.files import read_file
from core.importers.importer import MAX_TEXT_BYTES, read_first_bytes

MAX_COLUMNS = 10_100
_MAX_CELL_CHARS = 10_000


def read_header(path: Path) -> list[str]:
    """Return the names of the columns of a CSV file; none if it is not a CSV file."""
    head = read_first_bytes(path, 1_000_000)
    if b"\0" in head:
        return []
    try:
        line = head.decode("utf-8-sig", errors="ignore").splitlines()[0]
        names = next(csv.reader([line], delimiter=_find_delimiter(line)))
    except (IndexError, StopIteration, csv.Error):
        return []
    return [name.strip() for name in names] if 2 <= len(names) <= MAX_COLUMNS else []


def read_columns(path: Path) -> dict[str, list[str]]:
    """Return the columns of a CSV file with a header.

    Raises:
        ImportFileError: when the file is invalid or too large.
    """
    names = read_header(path)
    if len(set(names)) < len(names) or not names:
        raise ImportFileError(f"{path.name!r:.80} is not a CSV file with one name per column.")
    try:
        text = read_file(path, MAX_TEXT_BYTES).decode("utf-8-sig")
        csv.field_size_limit(_MAX_CELL_CHARS)
        rows = csv.reader(
            io.StringIO(text, newline=""), delimiter=_find_delimiter(text[: text.find("\n")]), strict=True
        )
        next(rows)
        columns: list[list[str]] = [[] for _ in names]
        for number, row in enumerate(rows, start=2):
            if not row:
                continue
            if len(row) != len(names):
                raise ImportFileError(
                    f"Line {number} of {path.name!r:.80} has {len(row):,} values instead of {len(names):,}."
                )
            for column, cell in zip(columns, row, strict=True):
                column.append(cell.strip())
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ImportFileError(f"{path.name!r:.80} is not a valid CSV file in UTF-8 of at most 500 MB.") from None
    return dict(zip(names, columns, strict=True))


def find_column(names: Sequence[str], known: Sequence[str]) -> str:
    """Return the first column with one of the known names, ignoring case; "" if no column has one."""
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in known if name in lower), "")


def to_numbers(cells: Sequence[str], column: str) -> list[float]:
    """
    Raises:
        ImportFileError: when a cell is not a number.
    """
    try:
        return [float(cell) if cell else float("nan") for cell in cells]
    except ValueError:
        raise ImportFileError(f"Expected numbers in the column {column!r:.60}; got text.") from None


def _find_delimiter(line: str) -> str:
    return max(",;\t", key=line.count)
