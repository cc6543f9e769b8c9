"""Frames and figures as plain Python values, as JSON has them."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def to_rows(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows of a frame as Python values; what is missing is None."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[return-value]


def make_plain(value: Any) -> Any:
    """What is not finite becomes None, and NumPy's scalars become Python's.

    >>> make_plain({"loss": [0.5, float("nan")]})
    {'loss': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {str(name): make_plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [make_plain(member) for member in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
