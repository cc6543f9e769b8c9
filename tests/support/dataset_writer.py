"""Custom datasets written directly as arrays, without image files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from core.datasets.cache import DatasetInfo
from core.datasets.dataset import ARRAYS
from core.datasets.dataset_key import key_of, label_of
from core.datasets.findings.findings_file import write_findings
from core.datasets.findings.image_scan import ImageScan
from core.datasets.inspect import count_validation
from core.datasets.report import ClassCount, DatasetReport, SkippedFile, write_files, write_report
from core.datasets.row_file import read_fingerprint
from core.home import Home

SKIPPED = (
    SkippedFile(file="cat/=1+1.jpg", reason="This JPEG file is damaged or truncated."),
    SkippedFile(file="<b>notes</b>.txt", reason="outside any class"),
)


def write_dataset(
    home: Home,
    classes: Sequence[str],
    *,
    name: str = "mine",
    dataset: str = "folder",
    train: int = 12,
    test: int = 4,
    validation: int = 0,
    shape: tuple[int, int, int] = (16, 16, 3),
    attributes: Sequence[str] = (),
    report: bool = True,
    square: bool = False,
) -> Path:
    """Write a dataset with random images and labels into a home and return its folder.

    Args:
        attributes: Names of binary attributes, which replace the classes.
        report: Whether there are report.json with SKIPPED, files.parquet, and findings.json, in which the first test
            image is also the first training image; otherwise only skipped.txt.
        square: Whether the source images are square.
    """
    folder = name if dataset == "folder" else ""
    key = key_of(dataset, folder)
    path = home.datasets / key
    path.mkdir(parents=True)
    rng = np.random.default_rng(0)
    labels = {}
    for split, count in (("train", train), ("test", test)):
        images = rng.integers(0, 255, (count, *shape), np.uint8)
        labels[split] = (
            rng.integers(0, 2, (count, len(attributes)), np.uint8) if attributes else np.arange(count) % len(classes)
        )
        np.save(path / f"{split}_images.npy", images)
        np.save(path / f"{split}_labels.npy", labels[split])
    info = DatasetInfo(
        name=dataset, label=label_of(key), fingerprint=read_fingerprint(path), official=False, train_count=train,
        test_count=test, input_shape=shape, classes=tuple(classes), source="a folder", licence="own", citation="",
        bytes=sum((path / f"{array}.npy").stat().st_size for array in ARRAYS),
        fetched_at="2026-11-27T00:00:00+00:00", validation_count=validation, attributes=tuple(attributes),
        folder=folder, skipped=len(SKIPPED),
    )  # fmt: skip
    (path / "dataset.json").write_text(info.model_dump_json())
    (path / "skipped.txt").write_text("".join(f"{one.file}: {one.reason}\n" for one in SKIPPED))
    if report:
        first = train - count_validation(info)
        parts = (labels["train"][:first], labels["train"][first:], labels["test"])
        names = tuple(attributes or classes)
        counts = [part.sum(axis=0) if attributes else np.bincount(part, minlength=len(names)) for part in parts]
        rows = zip(names, *(count.tolist() for count in counts), strict=True)
        counted = tuple(ClassCount(name=name, train=a, validation=b, test=c) for name, a, b, c in rows)
        write_report(path, DatasetReport(name=name, classes=counted, splits="given", skipped=SKIPPED))
        same = np.arange(train + test)
        same[train] = 0
        write_findings(
            path, info, (labels["train"], labels["test"]), ImageScan(same, same, np.zeros(train + test, np.uint8))
        )
        write_files(path, _list_files(train, test, validation, square, rng))
    return path


def _list_files(train: int, test: int, validation: int, square: bool, rng: np.random.Generator) -> pd.DataFrame:
    total = train + test
    width = rng.integers(20, 900, total)
    return pd.DataFrame(
        {
            "split": ["train"] * (train - validation) + ["validation"] * validation + ["test"] * test,
            "row": [*range(train), *range(test)],
            "file": [f"cat/photo [{number}](x).jpg" for number in range(total)],
            "width": width,
            "height": width if square else rng.integers(20, 900, total),
            "frames": 1,
        }
    )
