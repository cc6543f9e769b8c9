"""Summary of the images of a dataset: classes, splits, files left out, and findings."""

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from core.bounds import MAX_CLASSES, Count, Line, Prose
from core.files import read_file

REPORT = "report.json"
FILES = "files.parquet"
FILE_COLUMNS = ("split", "row", "file", "width", "height", "frames")

SPLITS = ("train", "validation", "test")

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

    file: str
    reason: Prose


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
    skipped: tuple[SkippedFile, ...] = ()
    ignored: tuple[str, ...] = ()
    value_range: tuple[float, float] = (0, 255)
    findings: tuple[DataFinding, ...] = ()


def write_report(folder: Path, report: DatasetReport) -> None:
    """Write report.json into the folder of a dataset that is not published yet."""
    (folder / REPORT).write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_report(folder: Path) -> DatasetReport | None:
    """Read report.json; None for datasets that were added before it was written, and for damaged files."""
    try:
        return DatasetReport.model_validate_json(read_file(folder / REPORT))
    except (OSError, ValueError):
        return None


def write_files(folder: Path, files: pd.DataFrame) -> None:
    """Write files.parquet: one row per stored image with the columns `FILE_COLUMNS`.

    `split` is one of `SPLITS`; `row` is the position in `train_images` (training and validation) or `test_images`;
    `file` is the path of the source relative to the added folder; `width`, `height` in pixels and `frames` describe
    the source.
    """
    files[list(FILE_COLUMNS)].to_parquet(folder / FILES, index=False)


def read_files(folder: Path, columns: tuple[str, ...] = FILE_COLUMNS) -> pd.DataFrame | None:
    """Read columns of files.parquet; None if the names of the sources are not known."""
    try:
        return pd.read_parquet(folder / FILES, columns=list(columns))
    except (OSError, ValueError):
        return None
