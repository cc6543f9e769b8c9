"""Images per class and split."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.datasets.report import SPLITS
from core.displays.chart_view import Chart
from core.displays.data_display import DataDisplay, count_names
from core.displays.dataset_summary import SPLIT_LABELS
from core.displays.encoding import AXIS_CHARS, write_note
from core.displays.label import fit_labels
from core.displays.number import format_count, quote_class
from core.plural import format_plural

SPLIT_COLORS = {"training": "#0a84c6", "validation": "#7a6fd0", "test": "#dd6a12"}

_MOST_BARS = 30


@dataclass(frozen=True)
class ClassCounts(DataDisplay):
    """Number of images of each class, by split. For a dataset with attributes: of images with each attribute."""

    name: ClassVar[str] = "class_counts"
    title: ClassVar[str] = "Images per class"

    def frame(self) -> pd.DataFrame:
        """Return the columns class, split, images; only splits with images."""
        rows = [
            (one.name, SPLIT_LABELS[split], getattr(one, split)) for one in self.data.report.classes for split in SPLITS
        ]
        frame = pd.DataFrame(rows, columns=["class", "split", "images"])
        used = frame.groupby("split")["images"].transform("sum") > 0
        return frame[used].reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        wide = self.frame().pivot(index="class", columns="split", values="images").reindex([*self.data.names])
        wide = wide[[label for label in SPLIT_COLORS if label in wide]]
        total = wide.sum(axis=1)
        share = total / max(int(total.sum() if self.data.noun == "class" else self._images), 1)
        wide.columns = pd.Index([str(label).capitalize() for label in wide])
        columns = {**wide.map(format_count), "Total": total.map(format_count), "Share": share.map("{:.1%}".format)}
        return pd.DataFrame({self.data.noun.capitalize(): wide.index, **columns}).reset_index(drop=True)

    @property
    def _images(self) -> int:
        return self.data.info.train_count + self.data.info.test_count

    @cached_property
    def _totals(self) -> pd.Series:
        return self.frame().groupby("class", sort=False)["images"].sum()

    def chart(self) -> Chart:
        frame = self.frame()
        present = [label for label in SPLIT_COLORS if label in set(frame["split"])]
        color = alt.Color(
            "split:N",
            scale=alt.Scale(domain=present, range=[SPLIT_COLORS[label] for label in present]),
            legend=alt.Legend(title=None, orient="top"),
        )
        tooltip = [
            alt.Tooltip("class:N", title=self.data.noun.capitalize()),
            alt.Tooltip("split:N", title="Split"),
            alt.Tooltip("images:Q", title="Images", format=","),
        ]
        frame["order"] = frame["split"].map(present.index)
        if len(self.data.names) <= _MOST_BARS:
            names = [*self.data.names]
            axis = alt.Axis(labelOverlap=False, **fit_labels(names, AXIS_CHARS, lines=1))
            return (
                alt.Chart(frame)
                .mark_bar()
                .encode(
                    y=alt.Y("class:N", title=None, sort=names, axis=axis),
                    x=alt.X("images:Q", title="Images", axis=alt.Axis(tickCount=5, format=",d")),
                    color=color, order=alt.Order("order:Q"), tooltip=tooltip,
                )
                .properties(height=alt.Step(22))
            )  # fmt: skip
        ranks = {name: rank for rank, name in enumerate(self._totals.sort_values(ascending=False).index, 1)}
        frame["rank"] = frame["class"].map(ranks)
        note = write_note(f"All {count_names(self.data)}, the largest first. Point at a bar for its name.")
        return (
            alt.Chart(frame)
            .mark_bar(binSpacing=0)
            .encode(
                x=alt.X(
                    "rank:Q", title=f"{self.data.noun.capitalize()} by number of images",
                    scale=alt.Scale(domain=[0.5, len(ranks) + 0.5], nice=False), bin=alt.Bin(step=1, anchor=0.5),
                    axis=alt.Axis(tickCount=6, format="d", values=[1, len(ranks)]),
                ),
                y=alt.Y("images:Q", title="Images", axis=alt.Axis(tickCount=5, format=",d")),
                color=color, order=alt.Order("order:Q"), tooltip=tooltip,
            )
            .properties(height=320, title=note)
        )  # fmt: skip

    def describe(self) -> str:
        totals = self._totals
        high, low = int(totals.max()), int(totals.min())
        if high == low:
            return f"Images per {self.data.noun}: {format_plural(high, 'image')} in each of {count_names(self.data)}."
        most, least = (quote_class(str(totals.index[int(one)])) for one in (totals.argmax(), totals.argmin()))
        return (
            f"Images per {self.data.noun}: {count_names(self.data)}, from {format_plural(low, 'image')} ({least}) to "
            f"{high:,} ({most})."
        )
