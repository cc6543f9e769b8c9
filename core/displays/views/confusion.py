"""Confusion matrix of each head."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.prediction import compute_confusion
from core.displays.display import Chart, Display
from core.displays.encoding import arrange_panels
from core.displays.label import fit_labels, wrap_label
from core.displays.number import quote_class

_CLASS_CHARS = 12
_MAX_CLASSES = 20


@dataclass(frozen=True)
class Confusion(Display):
    """Confusion matrix: rows are true classes, columns are predicted classes, counts are means over seeds.

    `head` is the label of one variant; None for all.
    """

    name: ClassVar[str] = "confusion"
    title: ClassVar[str] = "Confusion matrix"

    head: str | None = None

    def frame(self) -> pd.DataFrame:
        frame = compute_confusion(self.comparison)
        names = dict(enumerate(self.comparison.first.record.data.classes))
        frame = frame.assign(label=frame["label"].map(names), predicted=frame["predicted"].map(names))
        return frame if self.head is None else frame[frame["head"] == self.head].reset_index(drop=True)

    @cached_property
    def _shown(self) -> list[str]:
        """Return the classes of the chart: all, or those with the most wrong predictions of all heads."""
        classes = self.comparison.first.record.data.classes
        if len(classes) <= _MAX_CLASSES:
            return [*classes]
        found = compute_confusion(self.comparison)
        wrong = found[found["label"] != found["predicted"]]
        both = pd.concat([wrong.groupby(side)["images"].sum() for side in ("label", "predicted")])
        most = both.groupby(level=0).sum().nlargest(_MAX_CLASSES).index
        return [name for number, name in enumerate(classes) if number in most]

    def chart(self) -> Chart:
        everything = compute_confusion(self.comparison)  # one scale for all heads
        top = max(float(everything.loc[everything["label"] != everything["predicted"], "share"].max()), 0.01)
        classes = self._shown
        frame = self.frame()
        frame = frame[frame["label"].isin(classes) & frame["predicted"].isin(classes)]
        side = max(240, 25 * len(classes))
        fitted = {"labelOverlap": False, **fit_labels(classes, _CLASS_CHARS, lines=1)}
        columns = alt.Axis(labelAngle=0 if max(map(len, classes)) < 5 else -45, **fitted)
        tip = [
            alt.Tooltip("head:N", title="Head"),
            alt.Tooltip("label:N", title="True class"),
            alt.Tooltip("predicted:N", title="Prediction"),
            alt.Tooltip("images:Q", title="Images, mean over seeds", format=",.1~f"),
            alt.Tooltip("share:Q", title="Share of the true class", format=".1%"),
        ]
        panels = []
        for head in frame["head"].unique():
            base = alt.Chart(frame[frame["head"] == head]).encode(
                x=alt.X(
                    "predicted:N",
                    title="Prediction",
                    sort=classes,
                    axis=columns,
                ),
                y=alt.Y("label:N", title="True class", sort=classes, axis=alt.Axis(**fitted)),
                tooltip=tip,
            )
            mistakes = base.transform_filter("datum.label !== datum.predicted && datum.images > 0")
            hits = base.transform_filter("datum.label === datum.predicted")
            empty = base.transform_filter("datum.label !== datum.predicted && datum.images == 0")
            share = alt.Color(
                "share:Q", legend=None, scale=alt.Scale(domain=[0, top], range=["#ffe0c2", "#e8710a"], clamp=True)
            )
            count = alt.Text("images:Q", format=".1~f")
            cells = [
                empty.mark_rect(color="#8a94a3", opacity=0.06),
                empty.mark_text(fontSize=11, color="#8a94a3", opacity=0.6).encode(text=count),
                hits.mark_rect(color="#667282"),
                hits.mark_text(fontSize=11, color="#ffffff", fontWeight="bold").encode(text=count),
                mistakes.mark_rect().encode(color=share),
                mistakes.mark_text(fontSize=11, color="#3b1d00", fontWeight="bold").encode(text=count),
            ]
            panels.append(alt.layer(*cells).properties(height=side if self.head is None else max(side, 380)))
        if self.head is not None:
            return panels[0]
        named = zip(frame["head"].unique(), panels, strict=True)
        return arrange_panels(
            [panel.properties(title=wrap_label(head, side // 9), width=side) for head, panel in named], side + 70
        )

    def describe(self) -> str:
        frame = self.frame()
        wrong = frame[frame["label"] != frame["predicted"]]
        parts = []
        for head, rows in wrong.groupby("head", sort=False):
            worst = rows.nlargest(1, "images").to_dict("records")[0]
            if worst["images"] > 0:
                pair = f"{quote_class(worst['label'])} as {quote_class(worst['predicted'])}"
                parts.append(f"{head} most often predicts {pair} ({worst['images']:.1f} images)")
        text = "Confusion matrix. " + ("; ".join(parts) if parts else "All predictions are correct") + "."
        count = len(self.comparison.first.record.data.classes)
        if len(self._shown) < count:
            text += f" The chart shows the {len(self._shown)} of {count:,} classes with the most wrong predictions."
        return text
