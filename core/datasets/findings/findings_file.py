"""Stored findings of a dataset (findings.json), computed once per version of the data and of the method."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.bounds import MAX_IMAGES, Count, Images, Line
from core.datasets.cache import DatasetInfo, open_dataset
from core.datasets.dataset_key import key_of
from core.datasets.fetch import locked
from core.datasets.findings.image_findings import Findings, find_problems
from core.datasets.findings.image_scan import ImageScan, scan_arrays
from core.datasets.report import SPLITS, DataFinding
from core.errors import HeadroomError, HomeError
from core.files import read_file, replacing
from core.home import Home

FINDINGS = "findings.json"
METHOD = 2
"""Increment when the findings of the same images change, so that stored ones are computed again."""

_BUNDLED = Path(__file__).with_name("bundled_findings")
_MAX_BYTES = 500_000_000

_Positions = Annotated[tuple[Annotated[int, Field(ge=0, le=2 * MAX_IMAGES)], ...], Field(max_length=20 * MAX_IMAGES)]


class _Table(BaseModel):
    """Columns of `Findings.images`; `finding` is a position in the findings, `split` one in SPLITS."""

    model_config = ConfigDict(frozen=True)

    finding: _Positions
    split: _Positions
    row: _Positions
    group: _Positions


class _StoredFindings(BaseModel):
    """Content of findings.json."""

    model_config = ConfigDict(frozen=True)

    method: Count
    fingerprint: Line
    train_count: Images
    test_count: Images
    validation_count: Count
    findings: Annotated[tuple[DataFinding, ...], Field(max_length=1000)]
    images: _Table

    @model_validator(mode="after")
    def _check_images(self) -> "_StoredFindings":
        table = self.images
        ends = {"train": self.train_count, "validation": self.train_count, "test": self.test_count}
        most = [ends[split] for split in SPLITS]
        if not len(table.finding) == len(table.split) == len(table.row) == len(table.group):
            raise ValueError("columns have different lengths")
        if max(table.finding, default=-1) >= len(self.findings) or max(table.split, default=-1) >= len(SPLITS):
            raise ValueError("a finding or a split does not exist")
        if (np.array(table.row, np.int64) >= np.array(most)[list(table.split)]).any():
            raise ValueError("an image does not exist")
        return self


def read_findings(home: Home, key: str, fingerprint: str) -> Findings | None:
    """Read the stored findings of a dataset; None if its images have not been checked with the present method.

    Args:
        key: name of the dataset, or `folder-NAME` for a custom dataset (see `core.datasets.dataset_key`).
        fingerprint: of the data that the findings must belong to. The dataset itself need not be available.
    """
    for path in (home.datasets / key / FINDINGS, _BUNDLED / f"{fingerprint}.json"):
        with suppress(OSError):
            now = path.stat()
            stored = _read_file(path, now.st_ino, now.st_mtime_ns, now.st_size)
            if stored is not None and stored[0] == fingerprint:
                return stored[1]
    return None


def read_findings_version(home: Home, name: str, folder: str = "") -> str:
    """Return a text that changes when the stored findings of a dataset do."""
    try:
        return str((home.datasets / key_of(name, folder) / FINDINGS).stat().st_mtime_ns)
    except (OSError, HeadroomError):
        return ""


@lru_cache(maxsize=16)
def _read_file(path: Path, inode: int, changed_ns: int, size: int) -> tuple[str, Findings] | None:
    """Return the fingerprint and the findings in a file, cached until it changes; None for another method."""
    try:
        stored = _StoredFindings.model_validate_json(read_file(path, _MAX_BYTES))
    except (OSError, ValueError):
        return None
    if stored.method != METHOD:
        return None
    codes = np.array([finding.code for finding in stored.findings], object)
    columns = {name: np.array(values, np.int64) for name, values in stored.images}
    images = pd.DataFrame({
        "code": codes[columns["finding"]],
        "split": np.array(SPLITS, object)[columns["split"]],
        "row": columns["row"],
        "group": columns["group"],
    })  # fmt: skip
    return stored.fingerprint, Findings(stored.findings, images, stored.validation_count)


def check_dataset(home: Home, name: str, folder: str = "") -> Findings:
    """Return the findings of a dataset; if they are not stored, compute and store them (20 s for 70,000 small images).

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it is not available or damaged.
    """
    dataset = open_dataset(home, name, folder)
    key, info, arrays = key_of(name, folder), dataset.info, dataset.arrays()
    found = read_findings(home, key, info.fingerprint)
    labels = arrays.train_labels, arrays.test_labels
    if found is not None:
        return found
    try:
        with locked(home, f"{key}-findings", wait=True):  # one process computes them, others wait
            found = read_findings(home, key, info.fingerprint)
            return found or write_findings(dataset.path, info, labels, scan_arrays(arrays, dataset.path))
    except (HomeError, FileNotFoundError):  # the home is read-only
        return _find(info, labels, scan_arrays(arrays))


def write_findings(folder: Path, info: DatasetInfo, labels: tuple[np.ndarray, np.ndarray], scan: ImageScan) -> Findings:
    """Compute the findings of a scanned dataset, and write them into its folder atomically.

    Args:
        labels: of the training and the test images.
        scan: of the training images, followed by the test images.

    Raises:
        HomeError: when the folder cannot be written.
    """
    found = _find(info, labels, scan)
    codes = {finding.code: number for number, finding in enumerate(found.findings)}
    table = _Table(
        finding=found.images["code"].map(codes).tolist(),
        split=found.images["split"].map(SPLITS.index).tolist(),
        row=found.images["row"].tolist(),
        group=found.images["group"].tolist(),
    )
    stored = _StoredFindings(
        method=METHOD, fingerprint=info.fingerprint, train_count=info.train_count, test_count=info.test_count,
        validation_count=info.validation_count, findings=found.findings, images=table,
    )  # fmt: skip
    with replacing(folder / FINDINGS) as temporary:
        temporary.write_text(stored.model_dump_json() + "\n", encoding="utf-8")
    return found


def _find(info: DatasetInfo, labels: tuple[np.ndarray, np.ndarray], scan: ImageScan) -> Findings:
    return find_problems(labels, scan, info.classes, info.validation_count, info.attributes)
