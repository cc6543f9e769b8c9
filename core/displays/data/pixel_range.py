"""Range of the pixel values of each class."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.displays.chart_view import Chart
from core.displays.data_display import DataDisplay, count_names
from core.displays.encoding import AXIS_CHARS, write_note
from core.displays.label import fit_labels
from core.displays.number import quote_class

_LOW, _HIGH = 0.05, 0.95
_MOST_BARS = 30
_COLOR = "#0a84c6"


@dataclass(frozen=True)
class PixelRange(DataDisplay):
    """Lowest, highest and mean stored value of the images of each class, and the range of 90% of the values."""

    name: ClassVar[str] = "pixel_range"
    title: ClassVar[str] = "Pixel values per class"

    @cached_property
    def _computed(self) -> pd.DataFrame:
        counts = self.data.statistics.histograms
        values = np.arange(counts.shape[1])
        shares = np.cumsum(counts, axis=1) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        mean = counts @ values / np.maximum(counts.sum(axis=1), 1)
        variance = counts @ values**2 / np.maximum(counts.sum(axis=1), 1) - mean**2
        frame = pd.DataFrame(
            {
                "class": self.data.names,
                "images": self.data.statistics.counts.tolist(),
                "lowest": (counts > 0).argmax(axis=1),
                "low_5": (shares >= _LOW).argmax(axis=1),
                "mean": mean,
                "deviation": np.sqrt(np.maximum(variance, 0)),
                "high_95": (shares >= _HIGH).argmax(axis=1),
                "highest": counts.shape[1] - 1 - (counts[:, ::-1] > 0).argmax(axis=1),
            }
        )
        return frame[frame["images"] > 0].reset_index(drop=True)

    def frame(self) -> pd.DataFrame:
        """Return one row per class with images: class, images, and of the stored values (0 to 255, all channels)
        lowest, low_5 and high_95 (5% and 95% quantile), mean, deviation (standard deviation), highest."""
        return self._computed.copy()

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        return pd.DataFrame(
            {
                self.data.noun.capitalize(): frame["class"],
                "Lowest": frame["lowest"].map(str),
                "5%": frame["low_5"].map(str),
                "Mean": frame["mean"].map("{:.1f}".format),
                "95%": frame["high_95"].map(str),
                "Highest": frame["highest"].map(str),
                "Standard deviation": frame["deviation"].map("{:.1f}".format),
            }
        )

    def chart(self) -> Chart:
        frame = self.frame()
        if len(frame) > _MOST_BARS:  # the extreme ones, in the order of the dataset
            ranked = frame.sort_values("mean", kind="stable").index
            frame = frame.loc[sorted([*ranked[: _MOST_BARS // 2], *ranked[-_MOST_BARS // 2 :]])]
        names = frame["class"].tolist()
        axis = alt.Axis(labelOverlap=False, **fit_labels(names, AXIS_CHARS, lines=1))
        base = alt.Chart(frame).encode(
            y=alt.Y("class:N", title=None, sort=names, axis=axis),
            tooltip=[
                alt.Tooltip("class:N", title=self.data.noun.capitalize()),
                alt.Tooltip("lowest:Q", title="Lowest"),
                alt.Tooltip("low_5:Q", title="5% are at most"),
                alt.Tooltip("mean:Q", title="Mean", format=".1f"),
                alt.Tooltip("high_95:Q", title="95% are at most"),
                alt.Tooltip("highest:Q", title="Highest"),
            ],
        )
        scale, title = alt.Scale(domain=[0, 255], nice=False), "Stored value (0 to 255)"
        x = {name: alt.X(f"{name}:Q", title=title, scale=scale) for name in ("lowest", "low_5", "mean")}
        layers = [
            base.mark_rule(strokeWidth=1.5, color="#8a94a3").encode(x=x["lowest"], x2=alt.X2("highest:Q")),
            base.mark_bar(height=9, color=_COLOR, opacity=0.75).encode(x=x["low_5"], x2=alt.X2("high_95:Q")),
            base.mark_tick(thickness=3, size=15, color="#dd6a12").encode(x=x["mean"]),
        ]
        text = "Line: all values. Bar: 90% of the values (5% to 95%). Mark: mean."
        if len(names) < len(self.frame()):
            text += f" The {len(names)} darkest and brightest of {count_names(self.data)}."
        return alt.layer(*layers).properties(height=alt.Step(22), title=write_note(text))

    def describe(self) -> str:
        frame = self._computed
        dark, bright = (frame.iloc[position] for position in (frame["mean"].argmin(), frame["mean"].argmax()))
        return (
            f"Pixel values per {self.data.noun}: all values are from {frame['lowest'].min()} to "
            f"{frame['highest'].max()}. The mean is lowest in {quote_class(dark['class'])} ({dark['mean']:.0f}) and "
            f"highest in {quote_class(bright['class'])} ({bright['mean']:.0f})."
        )
