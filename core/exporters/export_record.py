"""What any tool is told of a run: its settings, its curves and figures with their times, its costs, and people's words.

Times are UNIX seconds. A run ended when its record was written, and began its seconds of training before that, so its
epochs stand later than they were by as long as it was measured and written afterwards.
"""

import json
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from core.files import compute_checksum
from core.recipes import recipe_of
from core.spec import SETTINGS
from core.store.comparison import describe_value
from core.store.import_validation import read_plain_json
from core.store.note import Note, NoteBook
from core.store.run import Run
from core.store.run_store import RunStore

_CURVES = {
    "loss": ("train", "loss"),
    "accuracy": ("train", "accuracy"),
    "val_loss": ("validation", "loss"),
    "val_accuracy": ("validation", "accuracy"),
}
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Point:
    """One value of a curve; `step` is the epoch, from 1."""

    split: str
    metric: str
    step: int
    seconds: float
    value: float


@dataclass(frozen=True)
class ExportRecord:
    """
    Raises:
        RunDamagedError: when a file that is asked for is not what the worker wrote.
    """

    run: Run
    note: Note

    @property
    def name(self) -> str:
        return self.note.name or self.run.run_id

    @property
    def ended(self) -> float:
        return datetime.fromisoformat(self.run.record.finished_at).timestamp()

    @cached_property
    def began(self) -> float:
        return self.ended - max([self.run.record.cost.train_seconds, *self.run.history["seconds"]])

    @property
    def settings(self) -> dict[str, str | int | float | bool]:
        """The recipe and every knob that makes a difference to the run; what is not set is «none» or the like."""
        spec, recipe = self.run.spec, recipe_of(self.run.spec)
        used = {name: getattr(spec, name) for name in SETTINGS if spec.uses(name)} | {
            "data": self.run.record.data.fingerprint
        }
        told = {name: describe_value(name, value) if value in (None, "") else value for name, value in used.items()}
        return {"recipe": recipe.name if recipe else "none", **told}

    @property
    def points(self) -> list[Point]:
        """Losses and accuracies of every epoch, and of the test images at the last; what is not finite is absent."""
        history, record = self.run.history, self.run.record
        found = [
            Point(split, metric, int(epoch), self.began + float(seconds), float(value))
            for column, (split, metric) in _CURVES.items()
            for epoch, seconds, value in zip(history["epoch"], history["seconds"], history[column], strict=True)
        ]
        for metric, value in (("loss", record.metrics.test_loss), ("accuracy", record.metrics.test_accuracy)):
            found.append(Point("test", metric, record.trained_epochs, self.ended, math.nan if value is None else value))
        return [point for point in found if math.isfinite(point.value)]

    @property
    def costs(self) -> dict[str, float]:
        """By the names of `Cost`, in its units."""
        return {name: value for name, value in self.run.record.cost.model_dump().items() if value is not None}

    @property
    def record_checksum(self) -> str:
        """SHA-256 of record.json, which holds the checksums of all else: two trainings of one spec have two."""
        return compute_checksum(self.run.path / "record.json")

    @property
    def commit(self) -> str | None:
        """The git commit of the code that trained it, where that is known."""
        if "environment.json" not in self.run.record.checksums:
            return None
        try:
            found: Any = read_plain_json(self.run.artifact("environment.json"))
        except ValueError:
            return None
        commit = found.get("git_commit") if isinstance(found, dict) else None
        return commit if isinstance(commit, str) and _COMMIT.fullmatch(commit) else None

    @property
    def spec_text(self) -> str:
        """The canonical spec as JSON, from which the id follows."""
        return json.dumps(self.run.spec.canonical(), sort_keys=True)


def open_export_records(store: RunStore, run_ids: Sequence[str]) -> list[ExportRecord]:
    """Each run once, in their order, after all its files were checked.

    Raises:
        RunNotFoundError, RunDamagedError: when a run is not here, or not as it was written.
        HomeError: when the notes cannot be read.
    """
    notes = NoteBook(store.home).read_all()
    runs = store.open_all(list(dict.fromkeys(run_ids)))
    for run in runs:
        run.verify()
    return [ExportRecord(run, notes.get(run.run_id, Note())) for run in runs]


def write_literally(text: str) -> str:
    r"""Markdown that shows a text as it is, a line a line: a block of code, which no line can end.

    >>> print(write_literally("# no title\r\n![no](picture)"))
        # no title
        ![no](picture)
    """
    return "\n".join(f"    {clean(line)}" for line in text.splitlines())


def clean(text: str) -> str:
    """Without control characters, which some databases refuse, but tabs and ends of lines."""
    return "".join("�" if unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\t\n" else sign for sign in text)
