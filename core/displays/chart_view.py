"""Base class of all views with a chart: of a comparison, of a dataset and of a race."""

from abc import ABC, abstractmethod
from typing import ClassVar

import altair as alt
import pandas as pd
from altair.utils.schemapi import disable_debug_mode

disable_debug_mode()  # Altair would validate each part of each chart; tests/displays validate the whole charts

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.ConcatChart


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
