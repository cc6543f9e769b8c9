"""A finished run, opened for reading."""

import json
import math
import zlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.architecture.model import Model, compute_model
from core.errors import RunDamagedError, RunNotFoundError
from core.files import compute_checksum
from core.recipes import write_command
from core.spec import RunSpec
from core.store.record import Record
from core.store.robustness_file import NAME as ROBUSTNESS
from core.store.robustness_file import Robustness

HISTORY = ("epoch", "seconds", "loss", "accuracy", "val_loss", "val_accuracy")
FILES = (
    "spec.json", "environment.json", "history.jsonl", "predictions.npz", "maps.npz", "robustness.npz", "layers.json",
    "model.keras", "model.tflite", "augmentation.png", "log.txt", "record.json",
)  # fmt: skip
"""All that a run folder may hold."""

_MAY_BE_LEFT_OUT = ("model.keras", "model.tflite", "log.txt")


@dataclass(frozen=True)
class Predictions:
    """Class probabilities, float32 of shape (images, classes), and true classes, int64 of shape (images,)."""

    test_probs: NDArray[np.float32]
    test_labels: NDArray[np.int64]
    validation_probs: NDArray[np.float32]
    validation_labels: NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """A run folder with a valid record. Files are read when asked for and checked against the record once."""

    path: Path
    record: Record

    @classmethod
    def open(cls, path: Path) -> "Run":
        """
        Raises:
            RunNotFoundError: when there is no record.json.
            RunDamagedError: when it is no valid record or names another run.
        """
        try:
            text = (path / "record.json").read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise RunNotFoundError(f"Expected {path.name!r:.60} to hold a record.json; got no finished run.") from None
        except OSError as error:
            raise RunDamagedError(
                f"Expected to be able to read the record of run {path.name!r:.60}; got: {error.strerror}."
            ) from None
        record = Record.parse(text, path.name)
        if record.run_id != path.name:
            raise RunDamagedError(
                f"Expected run {path.name!r:.60} to hold its own record; got that of {record.run_id}."
            )
        return cls(path, record)

    @property
    def run_id(self) -> str:
        return self.record.run_id

    @cached_property
    def spec(self) -> RunSpec:
        return self.record.parsed_spec

    @cached_property
    def model(self) -> Model:
        return compute_model(self.spec, self.record.data.input_shape, len(self.record.data.classes))

    def has(self, name: str) -> bool:
        """Whether the run still holds that file: model files may be left out of examples and bundles."""
        return (self.path / name).is_file()

    def artifact(self, name: str) -> Path:
        """Path of a file of this run after its checksum was compared.

        Raises:
            RunDamagedError: when it is missing or not what the worker wrote; says how to train it again if that helps.
        """
        path = self.path / name
        expected = self.record.checksums.get(name)
        mend = f"; train it again with: {write_command(self.spec)}"
        if expected is None or not path.is_file():
            mend = "." if expected is None or name in _MAY_BE_LEFT_OUT else mend
            raise RunDamagedError(f"Expected run {self.run_id} to hold {name}; got no such file{mend}")
        try:
            now = path.stat()
            found = _read_checksum(path, now.st_ino, now.st_ctime_ns, now.st_size)
        except OSError as error:
            raise RunDamagedError(
                f"Expected to be able to read {name} of run {self.run_id}; got: {error.strerror}."
            ) from None
        if found != expected:
            raise RunDamagedError(f"Expected {name} of run {self.run_id} as it was written; got other bytes{mend}")
        return path

    def verify(self) -> None:
        """Compares every file with its checksum; what a run may do without may be absent.

        Raises:
            RunDamagedError: as `artifact`, for the first file that is not what the worker wrote.
        """
        for name in self.record.checksums:
            if name not in _MAY_BE_LEFT_OUT or self.has(name):
                self.artifact(name)

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row an epoch with the columns of HISTORY; `seconds` counts from the start of training."""
        try:
            return read_history(self.artifact("history.jsonl"))
        except (OSError, ValueError, TypeError) as error:
            raise RunDamagedError(f"Expected a readable history in run {self.run_id}; got: {error}.") from None

    @cached_property
    def predictions(self) -> Predictions:
        """
        Raises:
            RunDamagedError: when they are not what the worker wrote, or do not fit the record.
        """
        try:
            with self.artifact("predictions.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                found = Predictions(**{name: arrays[name] for name in Predictions.__dataclass_fields__})
        except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
            raise RunDamagedError(f"Expected readable predictions in run {self.run_id}; got: {error}.") from None
        data = self.record.data
        for split, images in (("test", data.test_images), ("validation", data.validation_images)):
            probs, labels = getattr(found, f"{split}_probs"), getattr(found, f"{split}_labels")
            if probs.shape != (images, len(data.classes)) or labels.shape != (images,):
                raise RunDamagedError(
                    f"Expected {split} predictions of shape {(images, len(data.classes))} in run {self.run_id}; "
                    f"got {probs.shape} for {labels.shape} labels."
                )
        return found

    @cached_property
    def robustness(self) -> Robustness | None:
        """None for a run that was not put to any stress: an older one, or a model too large for it.

        Raises:
            RunDamagedError: when the file is not what the worker wrote, or does not fit the record.
        """
        if ROBUSTNESS not in self.record.checksums:
            return None
        try:
            found = Robustness.read(self.artifact(ROBUSTNESS))
        except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
            raise RunDamagedError(f"Expected a readable {ROBUSTNESS} in run {self.run_id}; got: {error}.") from None
        images, tests = found.images, self.record.data.test_images
        if not len(images) or images.min() < 0 or images.max() >= tests or (np.diff(images) <= 0).any():
            raise RunDamagedError(
                f"Expected {ROBUSTNESS} of run {self.run_id} to name some of {tests} test images; got others."
            )
        return found


@lru_cache(maxsize=4096)
def _read_checksum(path: Path, inode: int, changed_ns: int, size: int) -> str:
    """Read once for each state of a file, since pages ask at every click."""
    return compute_checksum(path)


def read_history(path: Path) -> pd.DataFrame:
    """Reads history.jsonl, also while a worker appends to it: a last line that is not yet whole is left out."""
    rows = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                break
    except FileNotFoundError:
        pass
    frame = pd.DataFrame(rows, columns=list(HISTORY))
    return frame.astype(dict.fromkeys(HISTORY[1:], "float64")).astype({"epoch": "int64"})


def finite(value: float) -> float | None:
    """JSON knows no NaN: what is not finite is written as null."""
    return float(value) if math.isfinite(value) else None
