"""Adding and removing custom datasets; their images are converted to arrays on disk."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.augment.prepare import FITS, Fit
from core.datasets.atomic_folder import check_space, has_unfinished, remove_unfinished, resuming
from core.datasets.cache import CachedDataset, DatasetInfo, open_dataset
from core.datasets.convert import ReadImages, arrange_images, read_images
from core.datasets.dataset import ARRAYS
from core.datasets.dataset_key import key_of_name, label_of, split_key
from core.datasets.download import Progress
from core.datasets.draw_split import draw_split
from core.datasets.fetch import check_free, fetching, forget, locked
from core.datasets.file_origin import check_new, compute_origin
from core.datasets.image_files import TEST, TRAIN, VALIDATION, Collection
from core.datasets.report import (
    FILE_COLUMNS,
    SPLITS,
    ClassCount,
    DatasetReport,
    SkippedFile,
    write_files,
    write_report,
)
from core.datasets.row_file import read_fingerprint
from core.datasets.split import compute_split
from core.errors import DatasetError, HomeError
from core.home import Home
from core.spec import DATASETS, SETTINGS, RunSpec

_SPLITS = {TRAIN: "training", VALIDATION: "validation", TEST: "test"}


def add_dataset(
    home: Home,
    name: str,
    path: Path,
    *,
    side: int | None = None,
    fit: Fit = "crop",
    progress: Progress | None = None,
) -> CachedDataset:
    """Add the images at a path to the home, atomically. Files at the path are not changed.

    If it is interrupted, the next call with the same files and settings continues.

    Files that cannot be read are skipped and listed in `skipped.txt`.

    Args:
        name: `celeba`, or a new name for a folder with one sub-folder per class.
        path: The folder, or a ZIP archive of it.
        side: Side length in pixels of the squares to which images of a folder are resized; 256 by default.
        fit: How images of a folder that are not square become squares.
        progress: Callback that receives the number of files read so far and the total number.

    Raises:
        DatasetError: when the name or the files at the path are invalid.
        HomeError: when the home cannot be written, or there is not enough disk space.
    """
    key = key_of_name(name)
    known = SETTINGS["side"]
    if side is not None and not (known.low or 0) <= side <= (known.high or side):
        raise DatasetError(f"Expected side {known.bounds}; got {side}.")
    check_free(home, key)
    with fetching(home, key, progress, unit="files") as report:
        check_free(home, key)  # another process may have added it in the meantime
        dataset, folder = split_key(key)
        survey = DATASETS[dataset].survey
        assert survey
        with survey(path, side, fit) as collection, _resuming(home, key, path, collection) as (target, origin):
            height, width, channels = collection.input_shape
            count = len(collection.names)
            advice = "Free disk space, or use a smaller side." if folder else "Free disk space and try again."
            what = f"{count:,} images of {width} × {height} pixels"
            check_space(target, count * height * width * channels, what, advice)
            info, _ = _write(target, key, collection, report, folder and path.name)
            info = info.model_copy(update={"origin": origin})
            (target / "dataset.json").write_text(info.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return open_dataset(home, dataset, folder)


@contextmanager
def _resuming(home: Home, key: str, path: Path, collection: Collection) -> Iterator[tuple[Path, str]]:
    """Yield the folder in which a dataset is written, and the identity of its files."""
    try:
        origin = compute_origin(path, collection)
    except (OSError, zipfile.BadZipFile) as error:
        raise DatasetError(f"Cannot read {path}: {error}.") from error
    check_new(home, origin)
    with resuming(home.datasets / key, origin) as target:
        yield target, origin


def remove_dataset(home: Home, name: str) -> None:
    """Remove a custom dataset. Processes that have its arrays open can still read them.

    Raises:
        DatasetError: when no custom dataset has this name, or it is being added.
        HomeError: when the home cannot be written.
    """
    key = key_of_name(name)
    target = home.datasets / key
    if not target.exists() and not has_unfinished(target):
        raise DatasetError(f"Custom dataset {name!r} was not found; it may have been removed.")
    with locked(home, key, wait=False) as acquired:
        if not acquired:
            raise DatasetError(f"{label_of(key)} is being added. Try again when this has finished.")
        try:
            remove_unfinished(target)
            if target.exists():
                target.rename(target.with_name(f".{key}.removed"))
                remove_unfinished(target)
            forget(home, key)
        except OSError as error:
            raise HomeError(f"Cannot remove {target}: {error.strerror}.") from error


def _write(
    target: Path, key: str, collection: Collection, progress: Progress, origin: str
) -> tuple[DatasetInfo, DatasetReport]:
    name, folder = split_key(key)
    dataset = DATASETS[name]
    found = read_images(target, collection, progress)
    labels, classes = collection.labels[found.rows], collection.classes
    parts = collection.parts[found.rows]
    if collection.drawn:
        groups = np.arange(len(labels))
        parts = draw_split(labels, groups, parts, collection.drawn)
    _check_kept(collection, labels, parts, found.refused)
    order = arrange_images(target, labels, parts)
    train_count, validation_count = int((parts != TEST).sum()), int((parts == VALIDATION).sum())
    counts = _count_images(collection, labels[order], train_count, validation_count)
    skipped = collection.skipped + found.refused
    (target / "skipped.txt").write_text("".join(starmap(_describe_skipped, skipped)), encoding="utf-8")
    write_files(target, _list_files(collection, found, order, parts))
    report = DatasetReport(
        name=folder or name,
        classes=counts,
        splits=collection.splits,
        skipped=tuple(SkippedFile(file=_decode(file), reason=reason) for file, reason in skipped),
        ignored=collection.ignored,
        value_range=collection.values.range or (0, 255),
    )
    write_report(target, report)
    fingerprint = read_fingerprint(target)
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
        note="; ".join(filter(None, _list_notes(collection, found, counts))),
        value_range=collection.values.range,
        fit=collection.fit,
    )
    return info, report


def _count_images(
    collection: Collection, labels: NDArray[Any], train_count: int, validation_count: int
) -> tuple[ClassCount, ...]:
    """Count the images of each class or with each attribute. `labels` are those of training, validation and test."""
    if not validation_count and train_count > 1:  # by default, the last training images
        validation_count = len(compute_split(RunSpec(), train_count)[1])
    ends = train_count - validation_count, train_count
    names = collection.attributes or collection.classes
    counts = [
        part.sum(axis=0) if collection.attributes else np.bincount(part, minlength=len(names))
        for part in np.split(labels, ends)
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
    names = [_decode(collection.names[row]) for row in found.rows[order]]
    sources = found.sources[order].T
    values = [np.array(SPLITS)[sorted_parts], rows, names, *sources]
    return pd.DataFrame(dict(zip(FILE_COLUMNS, values, strict=True)))


def _decode(name: str) -> str:
    """Return a file name with its bytes that are not UTF-8 as backslash sequences."""
    return name.encode("utf-8", "backslashreplace").decode()


def _list_notes(collection: Collection, found: ReadImages, counts: tuple[ClassCount, ...]) -> Iterator[str]:
    """Yield statements about the conversion of the images; some are empty."""
    yield collection.note
    if collection.fit != "crop":
        yield f"{collection.fit}: {FITS[collection.fit]}"
    if collection.values.range:
        low, high = collection.values.range
        yield f"images of more than 8 bits: values from {low:,.6g} to {high:,.6g} are scaled to 0 to 255"
    if several := int((found.sources[:, 2] > 1).sum()):
        files = "1 file has" if several == 1 else f"{several:,} files have"
        yield f"{files} several frames or pages, of which the first is used"
    yield _describe_missing(collection, counts)


def _describe_missing(collection: Collection, counts: tuple[ClassCount, ...]) -> str:
    """Return how many classes have no validation image, if so."""
    missing = sum(not count.validation for count in counts)
    if not missing or collection.attributes:
        return ""
    return f"by default, {missing:,} of {len(counts):,} classes have no validation image"


def _check_kept(
    collection: Collection, labels: NDArray[Any], parts: NDArray[np.uint8], refused: list[tuple[str, str]]
) -> None:
    if collection.splits == "drawn" and not collection.attributes:
        counts = np.bincount(labels, minlength=len(collection.classes))
        for label, name in enumerate(collection.classes):
            if counts[label] < 2:
                rows = {collection.names[row] for row in np.flatnonzero(collection.labels == label)}
                reason = next(reason for file, reason in refused if file in rows)
                raise DatasetError(
                    f"Expected at least 2 readable images per class; got {counts[label]} in {name!r}: {reason}"
                )
    wanted = {*np.unique(collection.parts), *collection.drawn} - {VALIDATION} | {*np.unique(collection.parts)}
    for part in sorted(wanted):
        if part not in parts:
            raise DatasetError(f"The {_SPLITS[int(part)]} split has no readable images. Check the image files.")


def _describe_skipped(name: str, reason: str) -> str:
    return f"{name if name.isprintable() else ascii(name)}: {reason}\n"
