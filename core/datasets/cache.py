"""The on-disk arrays that training and pages share: `<home>/datasets/<name>/`, mapped into memory, never copied."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.datasets.atomic_folder import publishing
from core.datasets.dataset import ARRAYS, Arrays, Dataset
from core.datasets.dataset_key import FOLDER, add_command, get_command, key_of, label_of, remove_command, split_key
from core.datasets.download import UNREADABLE, Downloads, Progress, quiet_keras
from core.datasets.fetch import fetching
from core.datasets.row_file import compute_fingerprint, read_fingerprint
from core.errors import DatasetError
from core.home import Home
from core.spec import DATASETS, RunSpec


class DatasetInfo(BaseModel):
    """dataset.json: what the cached arrays are. `bytes` are those of the four arrays on disk.

    The last `validation_count` of the training images are a validation split of the data's own. With `attributes`
    labels are 0 or 1 for each of them. `folder` is the name of an added folder, `skipped` the number of files that
    could not be read (`skipped.txt` lists them), and `note` says how images were split or changed.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$")
    official: bool
    train_count: int = Field(ge=1)
    test_count: int = Field(ge=1)
    input_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    source: str
    licence: str
    citation: str
    bytes: int
    fetched_at: str
    validation_count: int = Field(default=0, ge=0)
    attributes: tuple[str, ...] = ()
    folder: str = ""
    skipped: int = 0
    note: str = ""


@dataclass(frozen=True)
class CachedDataset:
    """A dataset that is here. Its arrays are read-only and mapped: what is not looked at is not read."""

    path: Path
    info: DatasetInfo
    _arrays: Arrays

    def arrays(self) -> Arrays:
        return self._arrays

    def verify(self) -> None:
        """Reads all content and compares it with the fingerprint.

        Raises:
            DatasetError: when the content is not what was fetched.
        """
        try:
            whole = read_fingerprint(self.path) == self.info.fingerprint
        except (OSError, ValueError):
            whole = False
        if not whole:
            raise _damaged(self.path.name, "other content than its fingerprint names")


@dataclass(frozen=True)
class DatasetStatus:
    """A registry entry, or one of the added folders, and whether it is here.

    `problem` is a sentence when it is damaged; `how` says how to get it, `skipped` and `note` are those of
    `DatasetInfo`.
    """

    name: str
    label: str
    summary: str
    source: str
    licence: str
    citation: str
    bundled: bool
    available: bool
    official: bool | None
    fingerprint: str | None
    train_count: int | None
    test_count: int | None
    bytes: int | None
    problem: str | None
    how: str
    folder: str = ""
    validation_count: int = 0
    skipped: int = 0
    note: str = ""


def open_dataset(home: Home, name: str, folder: str = "") -> CachedDataset:
    """Opens the arrays of a dataset as they are stored; content is not read. Bundled datasets are made at their first
    use. `core.datasets.dataset_view` opens them as a run sees them.

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it is not here or damaged; says the command that helps.
    """
    key = key_of(name, folder)
    if not (home.datasets / key).exists():
        if DATASETS[name].bundled:
            return fetch_dataset(home, name)
        verb = "add" if DATASETS[name].added else "fetch"
        raise DatasetError(f"{label_of(key)} is not here yet; {verb} it with: {get_command(key)}")
    return _open(home, key)


def fetch_dataset(
    home: Home, name: str, *, force: bool = False, progress: Progress | None = None
) -> CachedDataset:  # fmt: skip
    """Gets a dataset: what is here and sound is opened, what is absent or damaged is made anew.

    `force` makes it anew in any case, from files that Keras still keeps or a person put into
    `<home>/datasets/downloads`, and from the network without them. `progress` is called while files are downloaded,
    from another thread. When several processes fetch at once, one does and the others wait for it.

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it cannot be had; one sentence that says what to do.
        HomeError: when the home cannot be written.
    """
    dataset = DATASETS[name]
    if dataset.added:
        origin = f"get it from {dataset.source} and " if dataset.source else ""
        what = "NAME" if name == FOLDER else name
        raise DatasetError(f"{dataset.label}: added, not fetched; {origin}add its folder with: {add_command(what)}")
    with fetching(home, name, progress) as report:
        if not force:
            try:
                found = _open(home, name)
                found.verify()
                return found
            except DatasetError:
                pass
        files = Downloads(dataset.label, dataset.files, home.datasets / "downloads", report)
        _write(home, dataset, _load(dataset, files))
        return _open(home, name)


def list_datasets(home: Home) -> list[DatasetStatus]:
    """Every dataset there is, here or not, and in the place of `folder` each added one, if any. Makes nothing, not
    even bundled ones, and never raises."""
    folders = [_status(home, key_of(FOLDER, name)) for name in list_folders(home)]
    found = [[_status(home, name)] if name != FOLDER else folders or [_status(home, name)] for name in DATASETS]
    return [status for group in found for status in group]


def list_folders(home: Home) -> list[str]:
    """The names of the added folders, damaged ones among them."""
    keys = (path.name for path in home.datasets.glob(f"{FOLDER}-*"))
    return sorted(name for name in (split_key(key)[1] for key in keys) if name)


def pin(home: Home, spec: RunSpec) -> RunSpec:
    """The spec with the fingerprint of the data that is here.

    Raises:
        DatasetError: when the dataset is not here, or the spec names other data.
    """
    info = open_dataset(home, spec.dataset, spec.folder).info
    if spec.data not in ("", info.fingerprint):
        raise DatasetError(f"Expected {info.label} with fingerprint {spec.data}; got {info.fingerprint} here.")
    return spec.replace(data=info.fingerprint)


def _damaged(key: str, got: str) -> DatasetError:
    added = DATASETS[split_key(key)[0]].added
    advice = f"add it again after: {remove_command(key)}" if added else f"repair it with: {get_command(key)}"
    return DatasetError(f"Expected {label_of(key)} to be whole; got {got}; {advice}")


def _status(home: Home, key: str) -> DatasetStatus:
    name, folder = split_key(key)
    dataset = DATASETS[name]
    info, problem = None, None
    if (home.datasets / key).exists():
        try:
            info = _open(home, key).info
        except DatasetError as error:
            problem = str(error)
    how = get_command(key) if name != FOLDER or folder else add_command("NAME")
    if info is not None:
        how = ""
    elif problem is not None:
        how = remove_command(key) if dataset.added else how
    elif dataset.bundled:
        how = "comes along; made at first use"
    return DatasetStatus(
        name=name,
        label=label_of(key),
        summary=dataset.summary,
        source=dataset.source,
        licence=dataset.licence,
        citation=dataset.citation,
        bundled=dataset.bundled,
        available=info is not None,
        official=info.official if info else None,
        fingerprint=info.fingerprint if info else None,
        train_count=info.train_count if info else None,
        test_count=info.test_count if info else None,
        bytes=info.bytes if info else None,
        problem=problem,
        how=how,
        folder=folder,
        validation_count=info.validation_count if info else 0,
        skipped=info.skipped if info else 0,
        note=info.note if info else "",
    )


def _open(home: Home, key: str) -> CachedDataset:
    folder = home.datasets / key
    try:
        info = DatasetInfo.model_validate_json((folder / "dataset.json").read_bytes())
    except (OSError, ValidationError):
        raise _damaged(key, "no readable dataset.json") from None
    if (info.name, info.folder) != split_key(key):
        raise _damaged(key, f"a dataset.json of {info.folder or info.name!r:.40}")
    counts = {"train": info.train_count, "test": info.test_count}
    found: dict[str, Any] = {}
    for name in ARRAYS:
        split, kind = name.split("_")
        dtype: type = np.uint8 if kind == "images" or info.attributes else np.int64
        row = info.input_shape if kind == "images" else (len(info.attributes),) if info.attributes else ()
        try:
            array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise _damaged(key, f"no readable {name}.npy") from None
        if array.dtype != dtype or array.shape != (counts[split], *row):
            raise _damaged(key, f"{array.dtype} of {array.shape} in {name}.npy")
        found[name] = array
    return CachedDataset(folder, info, Arrays(**found))


def _load(dataset: Dataset, files: Downloads) -> Arrays:
    """Loads and checks the arrays; files that Keras keeps and that turn out to be unusable are downloaded once more."""
    local = dataset.bundled or files.placed() is not None
    problem: str | None = None
    for _attempt in range(2):
        try:
            with nullcontext() if local else quiet_keras():
                assert dataset.load
                arrays = dataset.load(files)
            problem = dataset.find_problem(arrays)
        except UNREADABLE as error:
            problem = f"Expected the files of {dataset.label} to hold its arrays; got: {error}."
        if problem is None:
            return arrays
        if local:
            break
        files.discard()
    raise DatasetError(problem)


def _write(home: Home, dataset: Dataset, arrays: Arrays) -> None:
    """Publishes the arrays in one step. The caller holds the right to fetch."""
    with publishing(home.datasets / dataset.name) as folder:
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(arrays, name))
        (folder / "dataset.json").write_text(_describe(dataset, arrays, folder).model_dump_json(indent=1) + "\n")


def _describe(dataset: Dataset, arrays: Arrays, folder: Path) -> DatasetInfo:
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
        bytes=sum((folder / f"{name}.npy").stat().st_size for name in ARRAYS),
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
