"""Summary of the images of a dataset: classes, splits, files left out, and findings."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from core.bounds import MAX_CLASSES, MAX_IMAGES, Count, Extremes, Line, Prose, SourcePath
from core.files import read_file

if TYPE_CHECKING:
    import pandas as pd

REPORT = "report.json"
FILES = "files.parquet"
FILE_COLUMNS = ("split", "row", "file", "width", "height", "frames")

SPLITS = ("train", "validation", "test")

_MAX_PATH, _MAX_REASON, _MAX_FINDINGS, _MAX_VALUE = 4096, 1000, 1000, 2 * MAX_IMAGES
_MAX_ROW_BYTES = 5_000
_TEXTS = {"split", "file"}

Severity = Literal["error", "warning", "note"]


class ClassCount(BaseModel):
    """Images of one class in each split."""

    model_config = ConfigDict(frozen=True)

    name: Line
    train: Count
    validation: Count
    test: Count


class SkippedFile(BaseModel):
    """A file that is not used, and why."""

    model_config = ConfigDict(frozen=True)

    file: SourcePath
    reason: Prose

    @classmethod
    def of(cls, file: str, reason: str) -> "SkippedFile":
        """Return the file with a path and a reason of any length, which are shortened."""
        return cls(file=file[:_MAX_PATH], reason=reason[:_MAX_REASON])


class DataFinding(BaseModel):
    """Something in the data that affects what an accuracy means. `count` is the number of images concerned."""

    model_config = ConfigDict(frozen=True)

    code: Line
    severity: Severity
    count: Count
    message: Prose


class DatasetReport(BaseModel):
    """The summary that `headroom datasets add --json` prints and the Data page shows (report.json).

    Attributes:
        splits: `given` by folders or by the authors, listed in a `csv` file, or `drawn` by Headroom.
        skipped: Files that could not be used, each with its reason.
        ignored: Names of system files and folders that are never images.
        value_range: Lowest and highest value of the source images, which are scaled to 0 and 255.
    """

    model_config = ConfigDict(frozen=True)

    name: Line
    classes: Annotated[tuple[ClassCount, ...], Field(max_length=MAX_CLASSES)]
    splits: Literal["given", "drawn", "csv"]
    skipped: Annotated[tuple[SkippedFile, ...], Field(max_length=MAX_IMAGES)] = ()
    ignored: Annotated[tuple[SourcePath, ...], Field(max_length=MAX_IMAGES)] = ()
    value_range: Extremes = (0, 255)
    findings: Annotated[tuple[DataFinding, ...], Field(max_length=_MAX_FINDINGS)] = ()


def write_report(folder: Path, report: DatasetReport) -> None:
    """Write report.json into the folder of a dataset that is not published yet."""
    (folder / REPORT).write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_report(folder: Path) -> DatasetReport | None:
    """Read report.json; None for datasets that were added before it was written, and for damaged files."""
    try:
        return DatasetReport.model_validate_json(read_file(folder / REPORT))
    except (OSError, ValueError):
        return None


def write_files(folder: Path, files: "pd.DataFrame") -> None:
    """Write files.parquet: one row per stored image with the columns `FILE_COLUMNS`.

    `split` is one of `SPLITS`; `row` is the position in `train_images` (training and validation) or `test_images`;
    `file` is the path of the source relative to the added folder; `width`, `height` in pixels and `frames` describe
    the source.
    """
    files[list(FILE_COLUMNS)].to_parquet(folder / FILES, index=False)


def read_files(
    folder: Path,
    counts: tuple[int, int] | None = None,
    columns: Sequence[str] = FILE_COLUMNS,
    rows: Sequence[int] | None = None,
) -> "pd.DataFrame | None":
    """Read columns of files.parquet; None if the names of the sources are not known, or the file is damaged.

    Args:
        counts: Number of training images (with those for validation) and of test images, which the file must match.
        rows: Read only these positions, in all splits.
    """
    path = folder / FILES
    try:
        now = path.stat()
        found = _read_table(path, counts, now.st_ino, now.st_mtime_ns, now.st_size)
    except OSError:
        return None
    if found is None:
        return None
    if rows is not None:
        found = found[found["row"].isin(list(rows))]
    return found[list(columns)].astype({name: object for name in columns if name in _TEXTS}).reset_index(drop=True)


@lru_cache(maxsize=4)
def _read_table(
    path: Path, counts: tuple[int, int] | None, inode: int, changed_ns: int, size: int
) -> "pd.DataFrame | None":
    """Return the content of a valid files.parquet with texts as categories, cached until the file changes."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path, read_dictionary=[*_TEXTS]) as file:  # equal texts are stored once
            _check_sizes(file.metadata, counts)
            found = file.read([*FILE_COLUMNS]).to_pandas()
        _check_files(found, counts)
    except (ArrowException, OSError, ValueError, LookupError, TypeError, AttributeError, MemoryError):
        return None
    return found


def _check_sizes(metadata: Any, counts: tuple[int, int] | None) -> None:
    """Raise ValueError if there are too many rows, or the columns need more memory than paths of as many files."""
    if metadata.num_rows != sum(counts) if counts else metadata.num_rows > _MAX_VALUE:
        raise ValueError("the number of rows differs from that of the images")
    parts = [metadata.row_group(row) for row in range(metadata.num_row_groups)]
    if sum(part.total_byte_size for part in parts) > _MAX_ROW_BYTES * (metadata.num_rows + 1000):
        raise ValueError("the columns are too large")


def _check_files(files: "pd.DataFrame", counts: tuple[int, int] | None) -> None:
    """Raise ValueError if a value is not one that `write_files` writes."""
    for name in files:
        values = files[name]
        if name in _TEXTS:
            names = values.cat.categories
            most = max(map(len, names), default=0)  # TypeError without texts
            if values.isna().any() or most > _MAX_PATH or (name == "split" and not {*names} <= {*SPLITS}):
                raise ValueError(f"{name} has invalid texts")
        elif values.dtype.kind not in "iu" or values.min() < (name != "row") or values.max() > _MAX_VALUE:
            raise ValueError(f"{name} has invalid numbers")
    in_test = (files["split"] == "test").to_numpy()
    counts = counts or (int((~in_test).sum()), int(in_test.sum()))
    for part, count in zip((files["row"][~in_test], files["row"][in_test]), counts, strict=True):
        if not np.array_equal(np.sort(part), np.arange(count)):
            raise ValueError("a row is missing or occurs twice")
