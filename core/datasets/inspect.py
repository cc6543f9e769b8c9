"""Inspection of a dataset: its report, the files of its images, and their pixel values."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.cache import CachedDataset, DatasetInfo, open_dataset
from core.datasets.dataset import Images
from core.datasets.dataset_key import split_key
from core.datasets.findings.findings_file import FINDINGS, read_findings
from core.datasets.findings.image_findings import Findings
from core.datasets.report import FILES, REPORT, ClassCount, DatasetReport, SkippedFile, read_files, read_report
from core.datasets.split import count_splits
from core.datasets.statistics import DatasetStatistics, ensure_statistics
from core.home import Home
from core.spec import DATASETS

SKIPPED = "skipped.txt"

_DETAILS = ("dataset.json", REPORT, FILES, SKIPPED, FINDINGS)


@dataclass(frozen=True)
class InspectedDataset:
    """An available dataset with its report.

    Attributes:
        findings: The findings with their images; None if the images were not searched for problems.
    """

    home: Home
    key: str
    dataset: CachedDataset
    report: DatasetReport
    findings: Findings | None

    @property
    def searched(self) -> bool:
        """Whether the images were searched for duplicates and other problems."""
        return self.findings is not None

    @property
    def info(self) -> DatasetInfo:
        return self.dataset.info

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, or of the attributes."""
        return self.info.attributes or self.info.classes

    @property
    def noun(self) -> str:
        return "attribute" if self.info.attributes else "class"

    @cached_property
    def version(self) -> str:
        """Text that changes with the dataset and everything known of it, for caches."""
        return f"{self.info.fingerprint} {read_version(self.dataset.path)}"

    @cached_property
    def statistics(self) -> DatasetStatistics:
        """Pixel values by class, computed at the first access (see `ensure_statistics`)."""
        return ensure_statistics(self.home, self.dataset)

    @cached_property
    def sizes(self) -> pd.DataFrame | None:
        """Return one row per size of the source images: width, height and images; None if the sizes are not known."""
        files = self.read_files(("width", "height"))
        if files is None:
            height, width, _ = self.info.input_shape
            count = self.info.train_count + self.info.test_count
            stored = {"width": [width], "height": [height], "images": [count]}
            return None if self.info.folder else pd.DataFrame(stored)
        return files.groupby(["width", "height"]).size().rename("images").reset_index()

    def read_files(self, columns: Sequence[str], rows: Sequence[int] | None = None) -> pd.DataFrame | None:
        """Read columns of the list of source images (see `core.datasets.report.read_files`)."""
        return read_files(self.dataset.path, (self.info.train_count, self.info.test_count), columns, rows)

    def find_rows(self, split: str, label: int | None = None) -> NDArray[np.int64]:
        """Return the rows of a split, such as "validation", in the arrays; with `label`, those of one class, or those
        with one attribute."""
        arrays = self.dataset.arrays()
        labels = arrays.test_labels if split == "test" else arrays.train_labels
        rows = np.arange(len(labels)) if label is None else np.flatnonzero(_matches(labels, label))
        if split == "test":
            return rows
        first = self.info.train_count - count_validation(self.info)
        return rows[rows >= first] if split == "validation" else rows[rows < first]

    def images(self, split: str) -> Images:
        """Return the images of a split, for rows of `find_rows`."""
        arrays = self.dataset.arrays()
        return arrays.test_images if split == "test" else arrays.train_images

    def name_images(self, split: str, rows: Sequence[int]) -> list[str]:
        """Return the file of each image relative to the added folder; empty texts if they are not known."""
        found = self.read_files(("split", "row", "file"), rows)
        if found is None:
            return [""] * len(rows)
        found = found[(found["split"] == "test") == (split == "test")]
        names = dict(zip(found["row"], found["file"], strict=True))
        return [str(names.get(row, "")) for row in rows]

    def list_labels(self, split: str, row: int) -> list[str]:
        """Return the class of an image, or its attributes."""
        arrays = self.dataset.arrays()
        label = (arrays.test_labels if split == "test" else arrays.train_labels)[row]
        return [self.names[k] for k in np.flatnonzero(label)] if label.ndim else [self.names[int(label)]]


def inspect_dataset(home: Home, key: str) -> InspectedDataset:
    """Open a dataset with its report. Without a stored report, images are counted from the labels.

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it is not available or damaged; the message contains the command that helps.
    """
    dataset = open_dataset(home, *split_key(key))
    stored = read_report(dataset.path)
    found = read_findings(home, key, dataset.info.fingerprint)
    report = stored or _build_report(dataset)
    if tuple(one.name for one in report.classes) != _list_names(dataset.info):
        report = report.model_copy(update={"classes": _build_report(dataset).classes})
    if found is not None:
        report = report.model_copy(update={"findings": found.findings})
    return InspectedDataset(home, key, dataset, report, found)


def count_validation(info: DatasetInfo) -> int:
    """Return the number of validation images, which are at the end of the training images."""
    return count_splits(info.train_count, info.validation_count, info.test_count)["validation"]


def read_version(folder: Path) -> str:
    """Return a text that changes when a file with details of a dataset is written."""
    return " ".join(str((folder / name).stat().st_mtime_ns) for name in _DETAILS if (folder / name).exists())


def _list_names(info: DatasetInfo) -> tuple[str, ...]:
    return info.attributes or info.classes


def _build_report(dataset: CachedDataset) -> DatasetReport:
    info, arrays = dataset.info, dataset.arrays()
    first = info.train_count - count_validation(info)
    parts = (arrays.train_labels[:first], arrays.train_labels[first:], arrays.test_labels)
    counts = np.stack([_count(labels, len(_list_names(info))) for labels in parts], axis=1)
    rows = zip(_list_names(info), counts.tolist(), strict=True)
    return DatasetReport(
        name=info.folder or info.name,
        classes=tuple(ClassCount(name=name, train=row[0], validation=row[1], test=row[2]) for name, row in rows),
        splits="given" if DATASETS[info.name].official_split and not info.folder else "drawn",
        skipped=_read_skipped(dataset.path),
    )


def _count(labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    return labels.sum(axis=0, dtype=np.int64) if labels.ndim == 2 else np.bincount(labels, minlength=classes)


def _matches(labels: NDArray[np.int64], label: int) -> NDArray[np.bool_]:
    return labels[:, label] == 1 if labels.ndim == 2 else labels == label


def _read_skipped(folder: Path) -> tuple[SkippedFile, ...]:
    """Read the list of skipped files that former versions wrote, one `file: reason` per line."""
    try:
        lines = (folder / SKIPPED).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    pairs = (line.partition(": ") for line in lines if line)
    return tuple(SkippedFile.of(file, reason or "not stated") for file, _, reason in pairs)
