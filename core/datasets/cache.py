"""The on-disk arrays that training and pages share: `<home>/datasets/<name>/`, mapped into memory, never copied."""

import hashlib
import os
import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import UNREADABLE, Downloads, Progress, quiet
from core.datasets.fetch import fetching
from core.errors import DatasetError, HomeError
from core.home import Home
from core.spec import DATASETS, RunSpec

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


class DatasetInfo(BaseModel):
    """dataset.json: what the cached arrays are. `bytes` are those of the four arrays on disk."""

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
        if compute_fingerprint(self._arrays) != self.info.fingerprint:
            raise _damaged(DATASETS[self.info.name], "other content than its fingerprint names")


@dataclass(frozen=True)
class DatasetStatus:
    """A registry entry and whether it is here. `problem` is a sentence when it is damaged; `how` says how to get it."""

    name: str
    label: str
    summary: str
    source: str
    licence: str
    citation: str
    bundled: bool
    here: bool
    official: bool | None
    fingerprint: str | None
    train_count: int | None
    test_count: int | None
    bytes: int | None
    problem: str | None
    how: str


def compute_fingerprint(arrays: Arrays) -> str:
    """First 16 hex digits of a SHA-256 over dtype, shape and bytes of the four arrays."""
    digest = hashlib.sha256()
    for name in ARRAYS:
        array = np.ascontiguousarray(getattr(arrays, name))
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()[:16]


def open_dataset(home: Home, name: str) -> CachedDataset:
    """Opens the arrays of a dataset; content is not read. Bundled datasets are made at their first use.

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it is not here or damaged; says the command that helps.
    """
    dataset = DATASETS[name]
    if not (home.datasets / name).exists():
        if dataset.bundled:
            return fetch_dataset(home, name)
        raise DatasetError(f"{dataset.label} is not here yet; fetch it with: {_command(name)}")
    return _open(home, dataset)


def fetch_dataset(
    home: Home, name: str, *, again: bool = False, progress: Progress | None = None
) -> CachedDataset:  # fmt: skip
    """Gets a dataset: what is here and sound is opened, what is absent or damaged is made anew.

    `again` makes it anew in any case, from files that Keras still keeps or a person put into
    `<home>/datasets/downloads`, and from the network without them. `progress` is called while files are downloaded,
    from another thread. When several processes fetch at once, one does and the others wait for it.

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it cannot be had; one sentence that says what to do.
        HomeError: when the home cannot be written.
    """
    dataset = DATASETS[name]
    with fetching(home, name, progress) as report:
        if not again:
            try:
                found = _open(home, dataset)
                found.verify()
                return found
            except DatasetError:
                pass
        files = Downloads(dataset.label, dataset.files, home.datasets / "downloads", report)
        _write(home, dataset, _load(dataset, files))
        return _open(home, dataset)


def list_datasets(home: Home) -> list[DatasetStatus]:
    """Every dataset there is, here or not. Makes nothing, not even bundled ones, and never raises."""
    return [_status(home, dataset) for dataset in DATASETS.values()]


def pin(home: Home, spec: RunSpec) -> RunSpec:
    """The spec with the fingerprint of the data that is here.

    Raises:
        DatasetError: when the dataset is not here, or the spec names other data.
    """
    info = open_dataset(home, spec.dataset).info
    if spec.data not in ("", info.fingerprint):
        raise DatasetError(f"Expected {info.label} with fingerprint {spec.data}; got {info.fingerprint} here.")
    return spec.replace(data=info.fingerprint)


def _command(name: str) -> str:
    return f"python -m core datasets fetch {name}"


def _damaged(dataset: Dataset, got: str) -> DatasetError:
    return DatasetError(
        f"Expected {dataset.label} to be whole; got {got}; repair it with: {_command(dataset.name)}"
    )  # fmt: skip


def _status(home: Home, dataset: Dataset) -> DatasetStatus:
    info, problem = None, None
    if (home.datasets / dataset.name).exists():
        try:
            info = _open(home, dataset).info
        except DatasetError as error:
            problem = str(error)
    how = "comes along; made at first use" if dataset.bundled else _command(dataset.name)
    if info is not None:
        how = ""
    elif problem is not None:
        how = _command(dataset.name)
    return DatasetStatus(
        name=dataset.name,
        label=dataset.label,
        summary=dataset.summary,
        source=dataset.source,
        licence=dataset.licence,
        citation=dataset.citation,
        bundled=dataset.bundled,
        here=info is not None,
        official=info.official if info else None,
        fingerprint=info.fingerprint if info else None,
        train_count=info.train_count if info else None,
        test_count=info.test_count if info else None,
        bytes=info.bytes if info else None,
        problem=problem,
        how=how,
    )


def _open(home: Home, dataset: Dataset) -> CachedDataset:
    folder = home.datasets / dataset.name
    try:
        info = DatasetInfo.model_validate_json((folder / "dataset.json").read_bytes())
    except (OSError, ValidationError):
        raise _damaged(dataset, "no readable dataset.json") from None
    if info.name != dataset.name:
        raise _damaged(dataset, f"a dataset.json of {info.name!r:.40}")
    counts = {"train": info.train_count, "test": info.test_count}
    found: dict[str, Any] = {}
    for name in ARRAYS:
        split, kind = name.split("_")
        dtype, shape = (
            (np.uint8, (counts[split], *info.input_shape)) if kind == "images" else (np.int64, (counts[split],))
        )
        try:
            array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise _damaged(dataset, f"no readable {name}.npy") from None
        if array.dtype != dtype or array.shape != shape:
            raise _damaged(dataset, f"{array.dtype} of {array.shape} in {name}.npy")
        found[name] = array
    return CachedDataset(folder, info, Arrays(**found))


def _load(dataset: Dataset, files: Downloads) -> Arrays:
    """Loads and checks the arrays; files that Keras keeps and that turn out to be unusable are downloaded once more."""
    local = dataset.bundled or files.placed() is not None
    problem: str | None = None
    for _attempt in range(2):
        try:
            with nullcontext() if local else quiet():
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
    """Publishes the arrays in one step. The caller holds the right to fetch, so what lies about is of the dead.

    Arrays that were here are moved aside first: between the two steps the dataset is absent, never half there.
    """
    target = home.datasets / dataset.name
    try:
        for leftover in home.datasets.glob(f".{dataset.name}.*"):
            shutil.rmtree(leftover)
        folder = Path(tempfile.mkdtemp(dir=home.datasets, prefix=f".{dataset.name}."))
        try:
            for name in ARRAYS:
                np.save(folder / f"{name}.npy", getattr(arrays, name))
            (folder / "dataset.json").write_text(_describe(dataset, arrays, folder).model_dump_json(indent=1) + "\n")
            folder.chmod(0o755)  # mkdtemp makes folders for one person only
            if target.exists():
                os.rename(target, folder.with_name(f"{folder.name}.old"))
            os.rename(folder, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(folder.with_name(f"{folder.name}.old"), ignore_errors=True)
    except OSError as error:
        raise HomeError(f"Expected to be able to write {target}; got: {error.strerror}.") from error


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
