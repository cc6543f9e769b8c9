"""Files of an added dataset: arrays, metadata, report and the list of its sources."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.augment.fit import FITS
from core.datasets.cache import DatasetInfo
from core.datasets.custom.convert import IMAGES, ReadImages, arrange_images, read_images
from core.datasets.custom.draw_split import draw_split
from core.datasets.custom.image_files import TEST, TRAIN, VALIDATION, Collection
from core.datasets.custom.originals import write_originals
from core.datasets.custom.reading_journal import JOURNAL
from core.datasets.dataset import ARRAYS
from core.datasets.dataset_key import label_of, split_key
from core.datasets.download import Progress
from core.datasets.findings.findings_file import write_findings
from core.datasets.findings.image_scan import open_scanner
from core.datasets.report import (
    FILE_COLUMNS,
    SPLITS,
    ClassCount,
    DatasetReport,
    SkippedFile,
    write_files,
    write_report,
)
from core.datasets.row_file import FingerprintHasher, RowReader
from core.datasets.split import count_splits
from core.errors import DatasetError
from core.plural import format_plural
from core.spec import DATASETS

_SPLITS = {TRAIN: "training", VALIDATION: "validation", TEST: "test"}


def build_dataset(
    target: Path, key: str, collection: Collection, progress: Progress, origin: str, identity: str = ""
) -> DatasetReport:
    """Read the images of a collection and write all files of the dataset into a folder.

    Args:
        target: An empty folder, or one in which an earlier call was interrupted.
        progress: Callback that receives the number of files read so far and the total number.
        origin: Name of the folder or archive, the source of custom datasets.
        identity: Identity of the files and settings (`core.datasets.custom.file_identity`).

    Raises:
        DatasetError: when too few images can be read.
    """
    name, folder = split_key(key)
    dataset = DATASETS[name]
    with open_scanner(len(collection.names), target) as scanner:
        found = read_images(target, collection, scanner, progress)
        labels, parts = collection.labels[found.rows], collection.parts[found.rows]
        labels, classes = _drop_classes(collection, labels, found.refused)
        with RowReader(target / IMAGES) as images:
            scan = scanner.finish(images.read)
    if collection.drawn:
        _check_classes(collection, classes, labels, found.refused)
        parts = draw_split(labels, scan.near, parts, collection.drawn)
    _check_splits(collection, parts)
    (target / JOURNAL).unlink()  # after an interruption from here on, all images are read again
    with FingerprintHasher() as hasher:
        order = arrange_images(target, labels, parts, hasher)
        files = _list_files(collection, found, order, parts)
        write_files(target, files)
        if collection.original:
            write_originals(target, files, collection.original)
        fingerprint = hasher.finish()
    train_count, validation_count = int((parts != TEST).sum()), int((parts == VALIDATION).sum())
    counts = _count_images(collection.attributes, classes, labels[order], train_count, validation_count)
    skipped = sorted(collection.skipped + found.refused)
    sizes = train_count, len(labels) - train_count
    official = collection.input_shape == dataset.input_shape and dataset.is_official(fingerprint, sizes)
    info = DatasetInfo(
        name=name,
        label=label_of(key),
        fingerprint=fingerprint,
        official=official,
        train_count=sizes[0],
        test_count=sizes[1],
        input_shape=collection.input_shape,
        classes=classes,
        source=dataset.source or origin,
        licence=dataset.licence,
        citation=dataset.citation,
        bytes=sum((target / f"{array}.npy").stat().st_size for array in ARRAYS),
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
        validation_count=validation_count,
        attributes=collection.attributes,
        folder=folder,
        skipped=len(skipped),
        note="; ".join(filter(None, (*_list_notes(collection, found), _describe_missing(collection, classes, counts)))),
        value_range=collection.values.range,
        fit=collection.fit,
        identity=identity,
    )
    halves = labels[order][:train_count], labels[order][train_count:]
    report = DatasetReport(
        name=folder or name,
        classes=counts,
        splits=collection.splits,
        skipped=tuple(SkippedFile.of(file, reason) for file, reason in skipped),
        ignored=collection.ignored,
        value_range=collection.values.range or (0, 255),
        findings=write_findings(target, info, halves, scan.reorder(order)).findings,
    )
    write_report(target, report)
    (target / "skipped.txt").write_text("".join(starmap(_describe_skipped, skipped)), encoding="utf-8")
    (target / "dataset.json").write_text(info.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return report


def _drop_classes(
    collection: Collection, labels: NDArray[Any], refused: list[tuple[str, str]]
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return the labels and names of the classes that have a readable image.

    Raises:
        DatasetError: when fewer than two have one.
    """
    if collection.attributes:
        return labels, collection.classes
    kept, rows = np.unique(labels, return_inverse=True)
    if len(kept) < 2:
        got = f"1: {collection.classes[kept[0]]!r}" if len(kept) else "0"
        first = f" {refused[0][0]!r:.80} was left out: {refused[0][1]}" if refused else ""
        raise DatasetError(f"Expected at least 2 classes with readable images; got {got}.{first}")
    return rows.astype(labels.dtype), tuple(collection.classes[label] for label in kept)


def _check_classes(
    collection: Collection, classes: tuple[str, ...], labels: NDArray[Any], refused: list[tuple[str, str]]
) -> None:
    """Check that each class has an image for training and one for another split, if both are drawn."""
    if TEST not in collection.drawn or VALIDATION not in collection.drawn:
        return
    counts = np.bincount(labels)
    for label, name in enumerate(classes):
        if counts[label] < 2:
            rows = {
                collection.names[row] for row in np.flatnonzero(collection.labels == collection.classes.index(name))
            }
            reason = next((f": {reason}" for file, reason in refused if file in rows), ".")
            raise DatasetError(f"Expected at least 2 readable images per class; got 1 in {name!r}{reason}")


def _check_splits(collection: Collection, parts: NDArray[np.uint8]) -> None:
    for part in np.unique(collection.parts):
        if part not in parts:
            raise DatasetError(f"The {_SPLITS[int(part)]} split has no readable images. Check the image files.")
    if TEST not in parts:
        raise DatasetError("There are too few training images to draw test images from. Add a folder of test images.")


def _count_images(
    attributes: tuple[str, ...],
    classes: tuple[str, ...],
    labels: NDArray[Any],
    train_count: int,
    validation_count: int,
) -> tuple[ClassCount, ...]:
    """Count the images of each class or with each attribute. `labels` are those of training, validation and test."""
    ends = count_splits(train_count, validation_count, 0)["train"], train_count
    names = attributes or classes
    counts = [
        part.sum(axis=0) if attributes else np.bincount(part, minlength=len(names)) for part in np.split(labels, ends)
    ]
    return tuple(
        ClassCount(name=name, **dict(zip(SPLITS, map(int, row), strict=True)))
        for name, row in zip(names, np.transpose(counts), strict=True)
    )


def _list_files(
    collection: Collection, found: ReadImages, order: NDArray[np.int64], parts: NDArray[np.uint8]
) -> pd.DataFrame:
    sorted_parts = parts[order]
    train_count = int((sorted_parts != TEST).sum())
    rows = np.concatenate([np.arange(train_count), np.arange(len(order) - train_count)])
    names = [collection.names[row] for row in found.rows[order]]
    sources = found.sources[order].T
    values = [np.array(SPLITS)[sorted_parts], rows, names, *sources]
    return pd.DataFrame(dict(zip(FILE_COLUMNS, values, strict=True)))


def _list_notes(collection: Collection, found: ReadImages) -> Iterator[str]:
    """Yield statements about the splits and the conversion of the images; some are empty."""
    yield collection.note
    if collection.fit != "crop":
        yield f"images that are not square: {FITS[collection.fit]}"
    if collection.values.range:
        low, high = collection.values.range
        yield f"images of more than 8 bits: values from {low:,.6g} to {high:,.6g} are scaled to 0 to 255"
    if several := int((found.sources[:, 2] > 1).sum()):
        files = f"{format_plural(several, 'file')} {'has' if several == 1 else 'have'}"
        yield f"{files} several frames or pages, of which the first is used"


def _describe_missing(collection: Collection, classes: tuple[str, ...], counts: tuple[ClassCount, ...]) -> str:
    """Return how many classes have no readable image, and how many no validation image."""
    parts = []
    if dropped := [name for name in collection.classes if name not in classes]:
        verb = "is" if len(dropped) == 1 else "are"
        lost = format_plural(len(dropped), "class")
        parts.append(f"{lost} without readable images {verb} left out, such as {dropped[0]!r}")
    missing = sum(not count.validation for count in counts)
    if missing and not collection.attributes:
        parts.append(f"by default, {missing:,} of {len(counts):,} classes have no validation image")
    return "; ".join(parts)


def _describe_skipped(name: str, reason: str) -> str:
    return f"{name if name.isprintable() else ascii(name)}: {reason}\n"
