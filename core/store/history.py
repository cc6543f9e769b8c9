"""The learning curves of a run (history.jsonl): one line of JSON per epoch."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.bounds import Epoch, Loss, Seconds
from core.files import read_file
from core.store.damage import describe_invalid_field

if TYPE_CHECKING:
    import pandas as pd

HISTORY = ("epoch", "seconds", "loss", "accuracy", "val_loss", "val_accuracy")
_CLOSE = 1e-4


class _HistoryLine(BaseModel):
    """A line of history.jsonl. Values of a diverged run may be null."""

    model_config = ConfigDict(extra="ignore", strict=True)

    epoch: Epoch
    seconds: Seconds | None  # only runs from elsewhere may lack it
    loss: Loss | None
    accuracy: Annotated[float, Field(ge=0, le=1 + _CLOSE)] | None
    val_loss: Loss | None
    val_accuracy: Annotated[float, Field(ge=0, le=1 + _CLOSE)] | None
    learning_rate: Annotated[float, Field(ge=0, le=1e6)] | None = None  # only of runs from elsewhere


_HISTORY_LINE = TypeAdapter(_HistoryLine)


def compute_epoch_seconds(ends: Sequence[float]) -> float | None:
    """Return the median duration of the epochs after the first, which includes tracing; of a single epoch, its own.

    Args:
        ends: seconds since the start of training at the end of each epoch.

    >>> compute_epoch_seconds([3.6, 3.9, 4.1, 4.4]), compute_epoch_seconds([3.6]), compute_epoch_seconds([])
    (0.3, 3.6, None)
    """
    durations = [end - begin for begin, end in pairwise((0.0, *ends))]
    return round(float(np.median(durations[1:] or durations)), 6) if durations else None


def read_history(path: Path) -> "pd.DataFrame":
    """Read history.jsonl while a worker appends to it, up to the first line that is incomplete or damaged."""
    try:
        return parse_history(read_file(path))[[*HISTORY]]
    except OSError:
        return parse_history(b"")[[*HISTORY]]


def parse_history(text: bytes, *, complete: bool = False) -> "pd.DataFrame":
    """Return the lines of history.jsonl with the columns of HISTORY and `learning_rate` (see `parse_lines`)."""
    import pandas as pd

    rows = parse_lines(text, complete=complete)
    columns = {name: [getattr(row, name) for row in rows] for name in (*HISTORY, "learning_rate")}
    return pd.DataFrame(
        {name: np.array(values, np.int64 if name == "epoch" else np.float64) for name, values in columns.items()}
    )


def parse_lines(text: bytes, *, complete: bool = False) -> list[_HistoryLine]:
    """
    Args:
        complete: every line must be valid; otherwise, those after the first invalid one are ignored.

    Raises:
        ValueError: when a line is invalid.
    """
    rows: list[_HistoryLine] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row = _HISTORY_LINE.validate_json(line)
            before = rows[-1].seconds if rows else None
            if row.epoch != number or (row.seconds or 0) < (before or 0):
                raise ValueError(f"epoch {row.epoch} does not follow the line before")
        except ValueError as error:
            if not complete:
                break
            problem = describe_invalid_field(error) if isinstance(error, ValidationError) else str(error)
            raise ValueError(f"line {number} is invalid: {problem}") from None
        rows.append(row)
    return rows
