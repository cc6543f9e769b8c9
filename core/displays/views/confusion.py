"""Confusion matrix of each head."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.analysis.prediction import compute_confusion
from core.displays.chart_view import Chart, set_properties
from core.displays.display import Display
from core.displays.encoding import arrange_panels
from core.displays.label import fit_labels, wrap_label
from core.displays.number import format_share, quote_class, write_pair
from core.displays.sentence import join_parts

_CLASS_CHARS = 12
_MAX_CLASSES = 100
_MAX_TEXTS = 20  # classes with a number in each cell
_MAX_LABELS = 20
_WORST = 5
SELECTED_CELL = "cell"  # name of the selection of a chart of one head


@dataclass(frozen=True)
class Confusion(Display):
    """Confusion matrix: rows are true classes, columns are predicted classes, counts are means over seeds.

    `head` is the label of one variant; None for all. `seed` selects one run per head; None for the mean over all seeds.
    """

    name: ClassVar[str] = "confusion"
    title: ClassVar[str] = "Confusion matrix"
    averages_seeds: ClassVar[bool] = True

    head: str | None = None
    seed: int | None = None

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_confusion(self.comparison, self.seed)

    @property
    def _named(self) -> pd.DataFrame:
        """Return the cells with class names, and with class indices in `row` and `column`."""
        names, found = dict(enumerate(self.comparison.first.record.data.classes)), self._found
        found = found if self.head is None else found[found["head"] == self.head].reset_index(drop=True)
        rows, columns = found["label"], found["predicted"]
        return found.assign(row=rows, column=columns, label=rows.map(names), predicted=columns.map(names))

    def frame(self) -> pd.DataFrame:
        return self._named.drop(columns=["row", "column"])

    def table(self) -> pd.DataFrame:
        """Return the confused class pairs, the most frequent ones first."""
        frame = self._list_wrong()
        return pd.DataFrame(
            {
                "True class → prediction": [*map(write_pair, frame["label"], frame["predicted"])],
                self.column: frame["head"],
                "Test images": [f"{images:,.1f}".removesuffix(".0") for images in frame["images"]],
                "Share of the true class": frame["share"].map(format_share),
            }
        )

    def _list_wrong(self) -> pd.DataFrame:
        frame = self.frame()
        frame = frame[(frame["label"] != frame["predicted"]) & (frame["images"] > 0)]
        return frame.sort_values(["images", "share"], ascending=False, kind="stable")

    @property
    def dense(self) -> bool:
        """Whether there are too many classes for a number in each cell."""
        return len(self._shown) > _MAX_TEXTS

    @cached_property
    def _shown(self) -> list[str]:
        """Return the classes of the chart: all, or those with the most wrong predictions of all heads."""
        classes = self.comparison.first.record.data.classes
        if len(classes) <= _MAX_CLASSES:
            return [*classes]
        wrong = self._found[self._found["label"] != self._found["predicted"]]
        both = pd.concat([wrong.groupby(side)["images"].sum() for side in ("label", "predicted")])
        most = both.groupby(level=0).sum().nlargest(_MAX_CLASSES).index
        return [name for number, name in enumerate(classes) if number in most]

    def chart(self) -> Chart:
        # one scale for all heads
        wrong = self._found.loc[self._found["label"] != self._found["predicted"], "share"]
        top = max(float(wrong.max()), 0.01)
        classes = self._shown
        frame = self._named
        frame = frame[frame["label"].isin(classes) & frame["predicted"].isin(classes)]
        if self.dense:
            frame = frame[(frame["images"] > 0) | (frame["label"] == frame["predicted"])]
        side = max(240, 25 * len(classes)) if not self.dense else 420
        least = 480 if self.dense else 380  # on a page
        panels = {
            str(head): set_properties(self._panel(rows, top), height=side if self.head is None else max(side, least))
            for head, rows in frame.groupby("head", sort=False)
        }
        if self.head is not None:
            return panels[self.head]
        return arrange_panels(
            [set_properties(panel, title=wrap_label(head, side // 9), width=side) for head, panel in panels.items()],
            side + 70,
        )

    def _panel(self, rows: pd.DataFrame, top: float) -> alt.LayerChart | alt.FacetChart:
        classes = self._shown
        step = -(-len(classes) // _MAX_LABELS)
        axis: dict[str, Any] = {
            "labelOverlap": False,
            "values": classes[::step],
            **fit_labels(classes, _CLASS_CHARS, lines=1),
        }
        images = "Images, mean over seeds" if self.seed is None else "Images"
        angle = 0 if max(map(len, classes)) < 5 and not self.dense else -45
        base = alt.Chart(rows).encode(
            x=alt.X(
                "predicted:N", title="Prediction", sort=classes, axis=alt.Axis(labelAngle=angle, **axis),
                scale=alt.Scale(domain=classes),
            ),
            y=alt.Y(
                "label:N", title="True class", sort=classes, axis=alt.Axis(**axis), scale=alt.Scale(domain=classes)
            ),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("label:N", title="True class"),
                alt.Tooltip("predicted:N", title="Prediction"),
                alt.Tooltip("images:Q", title=images, format=",.1~f"),
                alt.Tooltip("share:Q", title="Share of the true class", format=".1%"),
            ],
        )  # fmt: skip
        mistakes = base.transform_filter("datum.label !== datum.predicted && datum.images > 0")
        hits = base.transform_filter("datum.label === datum.predicted")
        empty = base.transform_filter("datum.label !== datum.predicted && datum.images == 0")
        share = alt.Color(
            "share:Q", legend=None, scale=alt.Scale(domain=[0, top], range=["#ffe0c2", "#e8710a"], clamp=True)
        )
        count = alt.Text("images:Q", format=".1~f")
        cells = [hits.mark_rect(color="#667282"), mistakes.mark_rect().encode(color=share)]
        if not self.dense:
            cells = [
                empty.mark_rect(color="#8a94a3", opacity=0.06),
                empty.mark_text(fontSize=11, color="#8a94a3", opacity=0.6).encode(text=count),
                cells[0],
                hits.mark_text(fontSize=11, color="#ffffff", fontWeight="bold").encode(text=count),
                cells[1],
                mistakes.mark_text(fontSize=11, color="#3b1d00", fontWeight="bold").encode(text=count),
            ]
        if self.head is not None:  # a single panel, whose selection a page can read
            targets = base.transform_filter("datum.images > 0").mark_rect(opacity=0, cursor="pointer")
            selection = alt.selection_point(name=SELECTED_CELL, fields=["row", "column"], empty=False)
            cells.append(targets.add_params(selection))
        return alt.layer(*cells)

    def describe(self) -> str:
        wrong = self._list_wrong()
        parts = []
        for head, rows in wrong.groupby("head", sort=False):
            pairs = [
                f"{quote_class(row['label'])} as {quote_class(row['predicted'])} ({row['images']:.1f} images)"
                for row in rows.head(_WORST if self.dense else 1).to_dict("records")
            ]
            parts.append(f"{head} most often predicts {', '.join(pairs)}")
        text = "Confusion matrix. " + (join_parts(parts) if parts else "All predictions are correct") + "."
        count = len(self.comparison.first.record.data.classes)
        if len(self._shown) < count:
            text += f" The chart shows the {len(self._shown)} of {count:,} classes with the most wrong predictions."
        return text
