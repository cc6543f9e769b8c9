"""Base class of all views with a chart: of a comparison, of a dataset and of a race."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import altair as alt
import numpy as np
import pandas as pd
from altair.utils.schemapi import disable_debug_mode

disable_debug_mode()  # Altair would validate each part of each chart; tests/displays validate the whole charts

# Altair copies the documentation of its classes to its methods: 2.7 MB of the memory that benchmarks/pages.py measures.
# Altair has no setting for it, and python -OO would also remove assertions.
for _kind in alt.Chart.__mro__:
    for _method in vars(_kind).values():
        if hasattr(_method, "__wrapped__"):
            _method.__doc__ = None


def list_chart_values(data: Any) -> Any:
    """Return the rows of a data frame as Altair does, in a third of the time: missing and infinite values are None."""
    if not isinstance(data, pd.DataFrame) or not all(dtype.kind in "iufbO" for dtype in data.dtypes):
        return alt.to_values(data)
    columns = [_list_column(data.iloc[:, index]) for index in range(data.shape[1])]
    names = [*data.columns]
    return {"values": [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]}


def _list_column(column: pd.Series) -> list[Any]:
    if column.dtype.kind in "iub" and isinstance(column.dtype, np.dtype):
        return column.tolist()
    if column.dtype.kind == "f":
        numbers = column.to_numpy(np.float64, na_value=np.nan)
        return [value if known else None for value, known in zip(numbers.tolist(), np.isfinite(numbers), strict=True)]
    return [
        value.tolist() if isinstance(value, np.ndarray) else value if known else None
        for value, known in zip(column.tolist(), column.notna(), strict=True)
    ]


alt.data_transformers.register("headroom", list_chart_values)  # without the limit of Altair: 5,000 rows
alt.data_transformers.enable("headroom")

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.ConcatChart


def set_properties(chart: Any, **values: Any) -> Any:
    """Set properties of a new chart and return it. Unlike `properties` of Altair, it does not copy all of its parts."""
    for name, value in values.items():
        chart[name] = value
    return chart


class ChartView(ABC):
    """View as data, table, chart and text. Its name is that of its file."""

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """Return the data of the chart in tidy form: plain numbers, with units in the column names."""

    @abstractmethod
    def chart(self) -> Chart | None:
        """Return the chart; None for a view that is only a table, or without data."""

    @abstractmethod
    def describe(self) -> str:
        """Describe the chart as alt text for screen readers."""

    def table(self) -> pd.DataFrame:
        """Return the data formatted for display, with column headers. Default: the frame."""
        return self.frame()
