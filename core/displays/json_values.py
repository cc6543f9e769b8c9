"""Data frames and results as plain Python values for JSON."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def to_rows(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the rows of a data frame as Python values; missing values are None."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[return-value]


def clear_mean_seed(row: dict[str, Any]) -> dict[str, Any]:
    """Replace the seed of a mean over seeds, which is -1 in data frames, by None."""
    return row | {"seed": None} if row.get("seed") == -1 else row


def make_plain(value: Any) -> Any:
    """Convert NumPy scalars to Python values and non-finite numbers to None.

    >>> make_plain({"loss": [0.5, float("nan")]})
    {'loss': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {str(name): make_plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [make_plain(member) for member in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
