"""Adding and removing custom datasets; their images are converted to arrays on disk."""

import shutil
import warnings
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.datasets.atomic_folder import check_space, publishing
from core.datasets.cache import CachedDataset, DatasetInfo, open_dataset
from core.datasets.dataset import ARRAYS
from core.datasets.dataset_key import key_of_name, label_of, split_key
from core.datasets.download import Progress
from core.datasets.fetch import check_free, fetching, forget, locked
from core.datasets.image_files import TEST, TRAIN, VALIDATION, Collection
from core.datasets.row_file import RowWriter, read_fingerprint
from core.datasets.split import compute_split
from core.errors import DatasetError, HomeError
from core.home import Home
from core.spec import DATASETS, SETTINGS, RunSpec

_FIFTH = 5
_SPLITS = {TRAIN: "training", VALIDATION: "validation", TEST: "test"}


def add_dataset(
    home: Home, name: str, path: Path, *, side: int | None = None, progress: Progress | None = None
) -> CachedDataset:  # fmt: skip
    """Add the images at a path to the home, atomically. Files at the path are not changed.

    Files that cannot be read are skipped and listed in `skipped.txt`.

    Args:
        name: `celeba`, or a new name for a folder with one sub-folder per class.
        path: The folder, or a ZIP archive of it.
        side: Side length in pixels to which images of a folder are cropped and resized; 256 by default.
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
        with survey(path, side) as collection, publishing(home.datasets / key) as target:
            height, width, channels = collection.input_shape
            count = len(collection.names)
            advice = "Free disk space, or use a smaller side." if folder else "Free disk space and try again."
            what = f"{count:,} images of {width} × {height} pixels"
            check_space(target, count * height * width * channels, what, advice)
            info = _write(target, key, collection, report, folder and path.name)
            (target / "dataset.json").write_text(info.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return open_dataset(home, dataset, folder)


def remove_dataset(home: Home, name: str) -> None:
    """Remove a custom dataset. Processes that have its arrays open can still read them.

    Raises:
        DatasetError: when no custom dataset has this name, or it is being added.
        HomeError: when the home cannot be written.
    """
    key = key_of_name(name)
    target = home.datasets / key
    if not target.exists():
        raise DatasetError(f"Custom dataset {name!r} was not found; it may have been removed.")
    with locked(home, key, wait=False) as acquired:
        if not acquired:
            raise DatasetError(f"{label_of(key)} is being added. Try again when this has finished.")
        try:
            aside = target.with_name(f".{key}.removed")
            shutil.rmtree(aside, ignore_errors=True)
            target.rename(aside)
            shutil.rmtree(aside)
            forget(home, key)
        except OSError as error:
            raise HomeError(f"Cannot remove {target}: {error.strerror}.") from error


def _write(target: Path, key: str, collection: Collection, report: Progress, origin: str) -> DatasetInfo:
    name, folder = split_key(key)
    dataset = DATASETS[name]
    label_shape, label_dtype = collection.labels.shape[1:], collection.labels.dtype
    kept: Counter[int] = Counter()  # by part
    seen: Counter[int] = Counter()  # by class
    skipped, total = len(collection.skipped), len(collection.names)
    first_reason: dict[int, str] = {}
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings of Pillow do not help users
        writers = {
            array: stack.enter_context(
                RowWriter(target / f"{array}.npy", collection.input_shape, np.uint8)
                if array.endswith("images")
                else RowWriter(target / f"{array}.npy", label_shape, label_dtype)
            )
            for array in ARRAYS
        }
        refused = stack.enter_context((target / "skipped.txt").open("w", encoding="utf-8"))
        refused.writelines(_describe_skipped(*pair) for pair in collection.skipped)
        for row, found in collection.read():
            label = collection.labels[row]
            if isinstance(found, str):
                skipped += 1
                refused.write(_describe_skipped(collection.names[row], found))
                if not collection.attributes:
                    first_reason.setdefault(int(label), found)
            else:
                if collection.parts is not None:
                    part = int(collection.parts[row])
                else:
                    part = TEST if seen[int(label)] % _FIFTH == 1 else TRAIN
                    seen[int(label)] += 1
                split = "test" if part == TEST else "train"
                writers[f"{split}_images"].append(found)
                writers[f"{split}_labels"].append(label)
                kept[part] += 1
            report(row + 1, total)
    _check_kept(collection, kept, seen, first_reason)
    counts = kept[TRAIN] + kept[VALIDATION], kept[TEST]
    fingerprint = read_fingerprint(target)
    official = collection.input_shape == dataset.input_shape and dataset.is_official(fingerprint, counts)
    return DatasetInfo(
        name=name,
        label=label_of(key),
        fingerprint=fingerprint,
        official=official,
        train_count=counts[0],
        test_count=counts[1],
        input_shape=collection.input_shape,
        classes=collection.classes,
        source=dataset.source or origin,
        licence=dataset.licence,
        citation=dataset.citation,
        bytes=sum((target / f"{array}.npy").stat().st_size for array in ARRAYS),
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
        validation_count=kept[VALIDATION],
        attributes=collection.attributes,
        folder=folder,
        skipped=skipped,
        note=_describe_split(target, collection),
    )


def _describe_split(target: Path, collection: Collection) -> str:
    """Return the note of a collection, with the number of classes that the default split leaves unvalidated."""
    if collection.parts is not None:
        return collection.note
    labels = np.load(target / "train_labels.npy", mmap_mode="r")
    _, validation = compute_split(RunSpec(), len(labels))
    total = len(collection.classes)
    missing = total - len(np.unique(labels[validation.start :]))
    unvalidated = f"; by default, {missing:,} of {total:,} classes have no validation image" if missing else ""
    return collection.note + unvalidated


def _check_kept(collection: Collection, kept: Counter[int], seen: Counter[int], reasons: dict[int, str]) -> None:
    if collection.parts is None:
        for label, name in enumerate(collection.classes):
            if seen[label] < 2:
                raise DatasetError(
                    f"Expected at least 2 readable images per class; got {seen[label]} in {name!r}: {reasons[label]}"
                )
    for part in np.unique(collection.parts) if collection.parts is not None else ():
        if not kept[int(part)]:
            raise DatasetError(f"The {_SPLITS[int(part)]} split has no readable images. Check the image files.")


def _describe_skipped(name: str, reason: str) -> str:
    return f"{name if name.isprintable() else ascii(name)}: {reason}\n"
