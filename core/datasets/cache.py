"""Cached dataset arrays in `<home>/datasets/<name>/`, memory-mapped and shared by training and pages."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.array_file import map_array
from core.augment.fit import Fit
from core.bounds import MAX_CLASSES, Count, Extremes, Images, Line, Prose, Side, UtcTime
from core.datasets.atomic_folder import publishing
from core.datasets.dataset import ARRAYS, Arrays, Dataset
from core.datasets.dataset_key import FOLDER, add_command, get_command, key_of, label_of, remove_command, split_key
from core.datasets.download import Downloads, Progress
from core.datasets.fetch import fetching
from core.datasets.load import load_arrays
from core.datasets.row_file import compute_fingerprint, read_fingerprint
from core.errors import DatasetError, HomeError
from core.files import read_file
from core.home import Home
from core.spec import DATASETS, RunSpec
from core.suggestion import suggest


class DatasetInfo(BaseModel):
    """Metadata of cached arrays (dataset.json).

    `validation_count` is the size of the predefined validation split at the end of the training images. With
    `attributes`, labels are 0 or 1 for each. `folder` is the name of a custom dataset, `skipped` the number of its
    unreadable files (listed in `skipped.txt`), and `note` describes how images were split or resized. `value_range` are
    the values of source images that became 0 and 255, if any had more than 8 bits. `fit` states how images that are not
    square became squares. `identity` identifies the added files and the settings.
    """

    model_config = ConfigDict(frozen=True)

    name: Line
    label: Line
    fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")
    official: bool
    train_count: Images
    test_count: Images
    input_shape: tuple[Side, Side, Side]
    classes: Annotated[tuple[Line, ...], Field(max_length=MAX_CLASSES)]
    source: Prose
    licence: Prose
    citation: Prose
    bytes: Count
    fetched_at: UtcTime
    validation_count: Count = 0
    attributes: Annotated[tuple[Line, ...], Field(max_length=MAX_CLASSES)] = ()
    folder: Line = ""
    skipped: Count = 0
    note: Prose = ""
    value_range: Extremes | None = None
    fit: Fit = "crop"
    identity: str = Field("", max_length=64)


@dataclass(frozen=True)
class CachedDataset:
    """An available dataset. Its arrays are read-only and memory-mapped, so only accessed parts are read from disk."""

    path: Path
    info: DatasetInfo
    _arrays: Arrays

    def arrays(self) -> Arrays:
        return self._arrays

    def verify(self) -> None:
        """Compare the content of all arrays with the fingerprint.

        Raises:
            DatasetError: when they do not match.
        """
        try:
            intact = read_fingerprint(self.path) == self.info.fingerprint
        except (OSError, ValueError):
            intact = False
        if not intact:
            raise _damaged(self.path.name, "fingerprint mismatch")


_KNOWN = {"official", "fingerprint", "train_count", "test_count", "bytes", "validation_count", "skipped", "note", "fit",
          "fetched_at"}  # fmt: skip


@dataclass(frozen=True)
class DatasetStatus:
    """A registered or custom dataset, and whether it is available.

    `problem` is an error message if the dataset is damaged; `next_step` is the command or hint for making it available.
    """

    name: str
    label: str
    summary: str
    source: str
    licence: str
    citation: str
    bundled: bool
    available: bool
    problem: str | None
    next_step: str
    folder: str = ""
    official: bool | None = None
    fingerprint: str | None = None
    train_count: int | None = None
    test_count: int | None = None
    bytes: int | None = None
    validation_count: int = 0
    skipped: int = 0
    note: str = ""
    fit: Fit = "crop"
    fetched_at: str = ""


def open_dataset(home: Home, name: str, folder: str = "") -> CachedDataset:
    """Open the cached arrays of a dataset without reading them. Bundled datasets are created at first use.

    See `core.datasets.dataset_view` for the images and labels of a run.

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it is not available or damaged; the message contains the command that helps.
    """
    key = key_of(name, folder)
    if not (home.datasets / key).exists():
        if DATASETS[name].bundled:
            try:
                return fetch_dataset(home, name)
            except HomeError:  # the home is read-only
                return _load_bundled(name, home.datasets / key)
        missing, verb = ("not available", "Add") if DATASETS[name].added else ("not downloaded", "Download")
        hint = suggest(folder, [*DATASETS, *list_folders(home)]) if folder else ""
        raise DatasetError(f"{label_of(key)} is {missing}. {hint}{verb} it with: {get_command(key)}")
    return _open(home, key)


def fetch_dataset(home: Home, name: str, *, force: bool = False, progress: Progress | None = None) -> CachedDataset:
    """Download a dataset, or open it if it is already available. Damaged datasets are rebuilt.

    Files in `<home>/datasets/downloads` and in the cache of Keras are used instead of the network. Only one process
    downloads a dataset; the others wait for it.

    Args:
        force: Rebuild the dataset even if it is available.
        progress: Callback that receives the bytes downloaded so far, called from another thread.

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it cannot be downloaded; the message states what to do.
        HomeError: when the home cannot be written.
    """
    dataset = DATASETS[name]
    if dataset.added:
        origin = f"Get it from {dataset.source} and add" if dataset.source else "Add"
        what = "NAME" if name == FOLDER else name
        raise DatasetError(f"{dataset.label} cannot be downloaded. {origin} its folder with: {add_command(what)}")
    with fetching(home, name, progress) as report:
        if not force:
            try:
                found = _open(home, name)
                found.verify()
                return found
            except DatasetError:
                pass
        files = Downloads(dataset.label, dataset.files, home.datasets / "downloads", report)
        _write(home, dataset, load_arrays(dataset, files))
        return _open(home, name)


def list_datasets(home: Home) -> list[DatasetStatus]:
    """List all datasets without creating bundled ones; custom datasets, if any, replace the entry `folder`."""
    folders = [_status(home, key_of(FOLDER, name)) for name in list_folders(home)]
    found = [[_status(home, name)] if name != FOLDER else folders or [_status(home, name)] for name in DATASETS]
    return [status for group in found for status in group]


def list_folders(home: Home) -> list[str]:
    """List the names of the custom datasets, including damaged ones."""
    keys = (path.name for path in home.datasets.glob(f"{FOLDER}-*"))
    return sorted(name for name in (split_key(key)[1] for key in keys) if name)


def pin(home: Home, spec: RunSpec) -> RunSpec:
    """Return the spec with the fingerprint of the available dataset.

    Raises:
        DatasetError: when the dataset is not available, or its fingerprint does not match the spec.
    """
    info = open_dataset(home, spec.dataset, spec.folder).info
    if spec.data not in ("", info.fingerprint):
        found = f"{spec.data} in the spec, {info.fingerprint} on disk"
        raise DatasetError(f"The fingerprint of {info.label} does not match: {found}.")
    return spec.replace(data=info.fingerprint)


def _damaged(key: str, reason: str) -> DatasetError:
    added = DATASETS[split_key(key)[0]].added
    advice = f"Remove and add it again: {remove_command(key)}" if added else f"Repair it with: {get_command(key)}"
    return DatasetError(f"{label_of(key)} is damaged ({reason}). {advice}")


def _status(home: Home, key: str) -> DatasetStatus:
    name, folder = split_key(key)
    dataset = DATASETS[name]
    info, problem = None, None
    if (home.datasets / key).exists():
        try:
            info = _open(home, key).info
        except DatasetError as error:
            problem = str(error)
    next_step = get_command(key) if name != FOLDER or folder else add_command("NAME")
    if info is not None:
        next_step = ""
    elif problem is not None:
        next_step = remove_command(key) if dataset.added else next_step
    elif dataset.bundled:
        next_step = "bundled; created at first use"
    return DatasetStatus(
        name=name,
        label=label_of(key),
        summary=dataset.summary,
        source=dataset.source,
        licence=dataset.licence,
        citation=dataset.citation,
        bundled=dataset.bundled,
        available=info is not None,
        problem=problem,
        next_step=next_step,
        folder=folder,
        **(info.model_dump(include=_KNOWN) if info else {}),
    )


def _open(home: Home, key: str) -> CachedDataset:
    folder = home.datasets / key
    try:
        info = DatasetInfo.model_validate_json(read_file(folder / "dataset.json"))
    except (OSError, ValidationError):
        raise _damaged(key, "dataset.json cannot be read") from None
    if (info.name, info.folder) != split_key(key):
        raise _damaged(key, f"dataset.json belongs to {info.folder or info.name!r:.40}")
    counts = {"train": info.train_count, "test": info.test_count}
    found: dict[str, Any] = {}
    for name in ARRAYS:
        split, kind = name.split("_")
        dtype = "u1" if kind == "images" or info.attributes else "i8"
        row = info.input_shape if kind == "images" else (len(info.attributes),) if info.attributes else ()
        try:
            found[name] = map_array(folder / f"{name}.npy", (dtype, (counts[split], *row)))
        except ValueError as error:
            raise _damaged(key, str(error)) from None
    return CachedDataset(folder, info, Arrays(**found))


@cache
def _load_bundled(name: str, folder: Path) -> CachedDataset:
    """Return a bundled dataset in memory, for a home that cannot be written."""
    dataset = DATASETS[name]
    arrays = load_arrays(dataset, Downloads(dataset.label, dataset.files, folder, lambda done, total: None))
    return CachedDataset(folder, _describe(dataset, arrays, size=0), arrays)


def _write(home: Home, dataset: Dataset, arrays: Arrays) -> None:
    """Write the arrays atomically. The caller must hold the lock of the dataset."""
    with publishing(home.datasets / dataset.name) as folder:
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(arrays, name))
        size = sum((folder / f"{name}.npy").stat().st_size for name in ARRAYS)
        (folder / "dataset.json").write_text(_describe(dataset, arrays, size).model_dump_json(indent=1) + "\n")


def _describe(dataset: Dataset, arrays: Arrays, size: int) -> DatasetInfo:
    fingerprint = compute_fingerprint(arrays)
    counts = len(arrays.train_images), len(arrays.test_images)
    return DatasetInfo(
        name=dataset.name,
        label=dataset.label,
        fingerprint=fingerprint,
        official=dataset.is_official(fingerprint, counts),
        train_count=counts[0],
        test_count=counts[1],
        input_shape=dataset.input_shape,
        classes=dataset.classes,
        source=dataset.source,
        licence=dataset.licence,
        citation=dataset.citation,
        bytes=size,
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
