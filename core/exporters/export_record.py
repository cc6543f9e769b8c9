"""Export record of a run: hyperparameters, metrics with timestamps, costs and notes, in a form that all exporters use.

Times are UNIX seconds. A run ends when its record is written and starts its training time before that. The timestamps
of the epochs are therefore later than the actual ones, by the time spent on evaluation and writing.
"""

import json
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from core.files import compute_checksum
from core.recipes import recipe_of
from core.spec import SETTINGS
from core.store.environment import read_environment
from core.store.note import Note, NoteBook
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.setting_text import describe_value

_CURVES = {
    "loss": ("train", "loss"),
    "accuracy": ("train", "accuracy"),
    "val_loss": ("validation", "loss"),
    "val_accuracy": ("validation", "accuracy"),
}


@dataclass(frozen=True)
class Point:
    """One value of a metric. `step` is the epoch, counted from 1."""

    split: str
    metric: str
    step: int
    seconds: float
    value: float


@dataclass(frozen=True)
class ExportRecord:
    """A run and its note, as exporters need them.

    Raises:
        RunDamagedError: from any property, when a file does not match its checksum.
    """

    run: Run
    note: Note

    @property
    def name(self) -> str:
        return self.note.name or self.run.run_id

    @property
    def ended_at(self) -> float:
        return datetime.fromisoformat(self.run.record.finished_at).timestamp()

    @cached_property
    def started_at(self) -> float:
        return self.ended_at - max([self.run.record.cost.train_seconds or 0.0, *self.run.history["seconds"].dropna()])

    @property
    def settings(self) -> dict[str, str | int | float | bool]:
        """Return the recipe and the hyperparameters that the run uses. Unset values become text such as "none"."""
        spec, recipe = self.run.spec, recipe_of(self.run.spec)
        used = {name: getattr(spec, name) for name in SETTINGS if spec.uses(name)} | {
            "data": self.run.record.data.fingerprint
        }
        values = {name: describe_value(name, value) if value in (None, "") else value for name, value in used.items()}
        if found := self.run.record.elsewhere:
            values = {**found.settings, **values, "elsewhere": spec.elsewhere, "library": found.library or "unknown"}
        return {"recipe": recipe.name if recipe else "none", **values}

    @property
    def points(self) -> list[Point]:
        """Return loss and accuracy of every epoch, and on the test set at the kept and the last epoch. Values that are
        not finite are omitted."""
        history, record = self.run.history, self.run.record
        ends = history["seconds"].fillna(0.0)
        found = [
            Point(split, metric, int(epoch), self.started_at + float(seconds), float(value))
            for column, (split, metric) in _CURVES.items()
            for epoch, seconds, value in zip(history["epoch"], ends, history[column], strict=True)
        ]
        measured = {record.measured_epoch: record.metrics}
        if record.last_metrics:
            measured[record.trained_epochs] = record.last_metrics
        for epoch, metrics in measured.items():
            for metric, value in (("loss", metrics.test_loss), ("accuracy", metrics.test_accuracy)):
                found.append(Point("test", metric, epoch, self.ended_at, math.nan if value is None else value))
        return [point for point in found if math.isfinite(point.value)]

    @property
    def costs(self) -> dict[str, float]:
        """Return the costs by name, with the names and units of `Cost`."""
        return {name: value for name, value in self.run.record.cost.model_dump().items() if value is not None}

    @property
    def record_checksum(self) -> str:
        """Return the SHA-256 of record.json. It differs if the same spec is trained twice."""
        return compute_checksum(self.run.path / "record.json")

    @property
    def commit(self) -> str | None:
        """Return the git commit of the code that trained the run, None if unknown."""
        return read_environment(self.run).git_commit

    @property
    def spec_text(self) -> str:
        """Return the canonical spec as JSON. The run ID is a hash of it."""
        return json.dumps(self.run.spec.canonical(), sort_keys=True)


def open_export_records(store: RunStore, run_ids: Sequence[str]) -> list[ExportRecord]:
    """Open the runs in the given order, without duplicates, and verify the checksums of all their files.

    Raises:
        RunNotFoundError, RunDamagedError: when a run does not exist or is damaged.
    """
    notes = NoteBook(store.home).read_available()
    runs = store.open_all(list(dict.fromkeys(run_ids)))
    for run in runs:
        run.verify()
    return [ExportRecord(run, notes.get(run.run_id, Note())) for run in runs]


def write_literally(text: str) -> str:
    r"""Return Markdown that shows a text unchanged, as an indented code block.

    >>> print(write_literally("# no title\r\n![no](picture)"))
        # no title
        ![no](picture)
    """
    return "\n".join(f"    {clean(line)}" for line in text.splitlines())


def clean(text: str) -> str:
    """Replace control characters, which some databases reject, except tabs and line breaks."""
    return "".join("�" if unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n" else char for char in text)
