"""Access to the files of a finished run."""

import math
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.architecture.model import Model, compute_model
from core.array_file import Expected, read_arrays
from core.errors import RunDamagedError, RunNotFoundError
from core.files import compute_checksum, read_file
from core.home import Home
from core.spec import RunSpec
from core.store.damage import damaged_run
from core.store.evidence import add_evidence, awaits_evidence
from core.store.history import HISTORY, compute_epoch_seconds, parse_history, parse_lines
from core.store.record import Record
from core.store.robustness_file import EXPECTED, Robustness
from core.store.robustness_file import NAME as ROBUSTNESS

if TYPE_CHECKING:
    import pandas as pd

FILES = (
    "spec.json", "environment.json", "history.jsonl", "predictions.npz", "predictions-last.npz", "maps.npz",
    "robustness.npz", "evidence.json", "layers.json", "config.json", "model.keras", "model.tflite", "last.keras",
    "augmentation.png", "log.txt", "record.json",
)  # fmt: skip
"""Files that a run folder may contain."""

LAST_PREDICTIONS = "predictions-last.npz"
IMPORTED = "imported"  # empty file of a run that was trained in another home
_OPTIONAL = ("model.keras", "model.tflite", "last.keras", "log.txt")
MAX_ARRAY_BYTES = 500_000_000
"""Maximum size of the arrays in a file, in memory."""
_CLOSE = 1e-4


@dataclass(frozen=True)
class Predictions:
    """Class probabilities, float32 of shape (images, classes), and true classes, int64 of shape (images,).

    Those of the validation images have no rows if the run was trained elsewhere and does not have them.
    """

    test_probs: NDArray[np.float32]
    test_labels: NDArray[np.int64]
    validation_probs: NDArray[np.float32]
    validation_labels: NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """A run folder with a valid record. Other files are read on demand; their checksums are verified once."""

    path: Path
    record: Record

    @classmethod
    def open(cls, path: Path) -> "Run":
        """Open a run folder.

        Raises:
            RunNotFoundError: when there is no record.json.
            RunDamagedError: when the record is invalid or belongs to another run.
        """
        try:
            text = read_file(path / "record.json")
        except (FileNotFoundError, NotADirectoryError):
            raise RunNotFoundError(
                f"{path.name!r:.60} is not a finished run: record.json is missing. Move the folder aside with: "
                "headroom doctor --repair"
            ) from None
        except OSError as error:
            raise damaged_run(
                f"Cannot read record.json of run {path.name!r:.60}: {error.strerror}.", None, listed=False
            ) from None
        record = add_evidence(Record.parse(text, path.name), path)
        if record.run_id != path.name:
            problem = f"record.json of run {path.name!r:.60} belongs to run {record.run_id}."
            raise damaged_run(problem, None, listed=False)
        return cls(path, record)

    @property
    def run_id(self) -> str:
        return self.record.run_id

    @cached_property
    def spec(self) -> RunSpec:
        return self.record.parsed_spec

    def with_seed(self, seed: int) -> "Run":
        """Return the run as another seed of its variant: runs from elsewhere may not have recorded theirs."""
        return Run(self.path, self.record.model_copy(update={"spec": self.spec.replace(seed=seed).canonical()}))

    @cached_property
    def model(self) -> Model:
        """The layers. A run from elsewhere may have only the rows of its layer table, or none."""
        if self.spec.elsewhere:
            from core.store.elsewhere_model import build_elsewhere_model

            return build_elsewhere_model(self)
        return compute_model(self.spec, self.record.data.input_shape, len(self.record.data.classes))

    @property
    def awaits_evidence(self) -> bool:
        """Whether robustness and the latency of 32 images have not been computed yet (see `core.store.evidence`)."""
        return awaits_evidence(self.record)

    def has_same_model(self, other: "Run") -> bool:
        """Return whether two folders of a run have the same trained weights."""
        return self.record.checksums.get("model.tflite") == other.record.checksums.get("model.tflite")

    @property
    def imported(self) -> bool:
        """Whether the run was trained in another home, and imported from a bundle or fetched from an artifact store."""
        return self.has(IMPORTED)

    @property
    def is_withheld(self) -> bool:
        """Whether lists withhold the test results of the run (see `core.store.withheld`)."""
        return (Home(self.path.parents[1]).withheld / self.run_id).exists()

    def has(self, name: str) -> bool:
        """Return whether a file exists. Examples and imported runs may have no model files."""
        return (self.path / name).is_file()

    def artifact(self, name: str) -> Path:
        """Verify the checksum of a file and return its path.

        Raises:
            RunDamagedError: when the file is missing or damaged; the message may contain the command to retrain it.
        """
        path = self.path / name
        expected = self.record.checksums.get(name)
        if expected is None or not path.is_file():
            problem = f"Run {self.run_id} does not contain {name}."
            if expected is None or name in _OPTIONAL:  # not damaged: examples and imported runs may have no models
                raise RunDamagedError(problem)
            raise self.damaged(problem)
        try:
            now = path.stat()
            found = _read_checksum(path, now.st_ino, now.st_ctime_ns, now.st_size)
        except OSError as error:
            raise self.damaged(f"Cannot read {name} of run {self.run_id}: {error.strerror}.") from None
        if found != expected:
            raise self.damaged(f"{name} of run {self.run_id} is damaged (checksum mismatch).")
        return path

    def damaged(self, problem: str) -> RunDamagedError:
        """Return the error of a damaged file of this run; `problem` is a sentence."""
        return damaged_run(problem, self.spec)

    def verify(self) -> None:
        """Verify the checksums of all files. Models and the log may be missing.

        Raises:
            RunDamagedError: for the first file that is missing or damaged (see `artifact`).
        """
        for name in self.record.checksums:
            if name not in _OPTIONAL or self.has(name):
                self.artifact(name)

    def row(self) -> dict[str, Any]:
        """Return the row of the run list. The epoch time of an older record is read from the history."""
        row = self.record.row()
        if row["epoch_seconds"] is None:
            with suppress(OSError, ValueError):
                lines = parse_lines(read_file(self.path / "history.jsonl"), complete=True)
                row["epoch_seconds"] = compute_epoch_seconds([one.seconds for one in lines if one.seconds is not None])
        return row

    @cached_property
    def history(self) -> "pd.DataFrame":
        """One row per epoch with the columns of HISTORY; `seconds` is the time since the start of training.

        A run from elsewhere may have no rows, and no seconds.

        Raises:
            RunDamagedError: when the file is damaged or does not match the record.
        """
        return self._epochs[[*HISTORY]]

    @property
    def learning_rates(self) -> NDArray[np.float64]:
        """The learning rate of each epoch, of shape (epochs,); NaN where a run from elsewhere did not record it."""
        if self.spec.elsewhere:
            return self._epochs["learning_rate"].to_numpy(np.float64)
        return np.full(len(self._epochs), self.spec.learning_rate)

    @cached_property
    def _epochs(self) -> "pd.DataFrame":
        if self.spec.elsewhere and "history.jsonl" not in self.record.checksums:
            return parse_history(b"")
        path = self.artifact("history.jsonl")
        try:
            return parse_history(read_file(path), complete=True)
        except OSError as error:
            raise self.damaged(f"Cannot read history.jsonl of run {self.run_id}: {error.strerror}.") from None
        except ValueError as error:
            raise self.damaged(f"history.jsonl of run {self.run_id} cannot be read: {error}.") from None

    @cached_property
    def predictions(self) -> Predictions:
        """Class probabilities and labels of the test and the validation images, at the kept epoch.

        Raises:
            RunDamagedError: when the file is damaged or does not match the record.
        """
        return self._read_predictions("predictions.npz")

    @cached_property
    def last_predictions(self) -> Predictions:
        """The predictions at the last epoch, which are separate if another epoch is kept (see `predictions`)."""
        return self.predictions if self.record.last_metrics is None else self._read_predictions(LAST_PREDICTIONS)

    def _read_predictions(self, name: str) -> Predictions:
        data = self.record.data
        expected: dict[str, Expected] = {}
        for split, images in (("test", data.test_images), ("validation", data.validation_images)):
            if images is not None:
                expected[f"{split}_probs"] = "f4", (images, len(data.classes))
                expected[f"{split}_labels"] = "i8", (images,)
        arrays: dict[str, NDArray[Any]] = {
            "validation_probs": np.empty((0, len(data.classes)), np.float32),
            "validation_labels": np.empty(0, np.int64),
            **self.load(name, expected),
        }
        found = Predictions(**arrays)
        for split in ("test", "validation"):
            if problem := _find_problem(getattr(found, f"{split}_probs"), getattr(found, f"{split}_labels")):
                raise self.damaged(f"{name} of run {self.run_id} is invalid: {split} {problem}.")
        return found

    @cached_property
    def robustness(self) -> Robustness | None:
        """Results of the robustness evaluation; None for older runs, models that are too large for it, and until it is
        computed.

        Raises:
            RunDamagedError: when the file is damaged or does not match the record.
        """
        if ROBUSTNESS not in self.record.checksums:
            return None
        found = Robustness.of(self.load(ROBUSTNESS, EXPECTED))
        if problem := found.find_problem(self.record.data.test_images, len(self.record.data.classes)):
            raise self.damaged(f"{ROBUSTNESS} of run {self.run_id} is invalid: {problem}.")
        return found

    def load(self, name: str, expected: dict[str, Expected]) -> dict[str, NDArray[Any]]:
        """Load the arrays of a file after verifying its checksum.

        Raises:
            RunDamagedError: when the file is damaged, or its arrays are not the expected ones.
        """
        path = self.artifact(name)
        try:
            return read_arrays(path, expected, MAX_ARRAY_BYTES)
        except ValueError as error:
            raise self.damaged(f"{name} of run {self.run_id} cannot be read: {error}.") from None


def _find_problem(probs: NDArray[np.float32], labels: NDArray[np.int64]) -> str:
    """Return why predictions are impossible; an empty text if they are not. Those of a diverged run can be NaN."""
    classes = probs.shape[1]
    if not len(labels):
        return ""
    if labels.min() < 0 or labels.max() >= classes:
        return f"labels are outside its {classes} classes"
    known = probs[~np.isnan(probs)]
    within = not known.size or (known.min() >= -_CLOSE and known.max() <= 1 + _CLOSE)
    return "" if within else "probabilities are not between 0 and 1"


@lru_cache(maxsize=4096)
def _read_checksum(path: Path, inode: int, changed_ns: int, size: int) -> str:
    """Compute a checksum, cached until the file changes, because pages verify files on each rerun."""
    return compute_checksum(path)


def finite(value: float) -> float | None:
    """Return the value, or None if it is not finite, because JSON does not support NaN."""
    return float(value) if math.isfinite(value) else None
