"""Class probabilities of each head for one test image."""

import math
from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.prediction import select_seed_runs
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import AXIS_CHARS, color_heads, write_note
from core.displays.label import fit_labels
from core.displays.number import quote_class
from core.displays.sentence import join_parts
from core.errors import ComparisonError
from core.store.elsewhere import has_probabilities

_MAX_CLASSES = 20


@dataclass(frozen=True)
class Example(Display):
    """Class probabilities for one test image. `image` is its index in the test set."""

    name: ClassVar[str] = "example"
    title: ClassVar[str] = "Class probabilities for one image"

    image: int = 0
    seed: int | None = None

    def frame(self) -> pd.DataFrame:
        """Return the columns head, label, prob (NaN if unknown), correct (whether the class is the true class)."""
        classes = self.comparison.first.record.data.classes
        count = self.comparison.first.record.data.test_images
        if not 0 <= self.image < count:
            raise ComparisonError(f"Expected image between 0 and {count - 1}; got {self.image}.")
        parts = []
        for head, run in select_seed_runs(self.comparison, self.seed).items():
            predictions = run.predictions
            label = int(predictions.test_labels[self.image])
            probs = predictions.test_probs[self.image] if has_probabilities(run) else [math.nan] * len(classes)
            parts += [
                (head, name, float(prob), number == label)
                for number, (name, prob) in enumerate(zip(classes, probs, strict=True))
            ]
        return pd.DataFrame(parts, columns=["head", "label", "prob", "correct"])

    @property
    def _shown(self) -> list[str]:
        """Return the classes of the chart: all, or the true class and the most probable ones."""
        frame = self.frame()
        rank = frame.groupby("label", sort=False).agg({"correct": "max", "prob": "max"})
        most = {*rank.sort_values(["correct", "prob"], ascending=False, kind="stable").index[:_MAX_CLASSES]}
        classes = self.comparison.first.record.data.classes
        return [*classes] if len(classes) <= _MAX_CLASSES else [name for name in classes if name in most]

    def chart(self) -> Chart:
        frame = self.frame()
        labels, classes = self.comparison.labels, self._shown
        frame = frame[frame["label"].isin(classes)].copy()
        truth = str(frame.loc[frame["correct"], "label"].iloc[0])
        frame["percent"] = frame["prob"].map("{:.1%}".format).where(frame["prob"].notna(), "")
        frame["class"] = frame["label"].where(~frame["correct"], "✓ " + frame["label"])
        order = [f"✓ {name}" if name == truth else name for name in classes]
        bold = alt.condition("slice(datum.label, 0, 1) === '✓'", alt.value("bold"), alt.value("normal"))
        base = alt.Chart(frame).encode(
            y=alt.Y(
                "class:N",
                sort=order,
                title=None,
                axis=alt.Axis(labelOverlap=False, labelFontWeight=bold, **fit_labels(order, AXIS_CHARS, lines=1)),
            ),
            yOffset=alt.YOffset("head:N", sort=labels),
            x=alt.X(
                "prob:Q", title="Probability", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=3)
            ),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("label:N", title="Class"),
                alt.Tooltip("prob:Q", title="Probability", format=".2%"),
            ],
        )
        # as high as their band, because narrower bars would not align with their labels
        bars = base.mark_bar(height=alt.RelativeBandSize(1)).encode(
            color=color_heads(self.comparison),
            opacity=alt.condition("datum.correct", alt.value(1), alt.value(0.55)),
        )
        step = max(12, 24 // len(labels))
        labelled = base.transform_filter("datum.prob >= 0.05 || datum.correct").encode(text=alt.Text("percent:N"))
        text = labelled.mark_text(align="left", baseline="middle", dx=3, fontSize=10, color="#8a94a3")
        return (bars + text).properties(title=write_note("✓ and full color: true class."), height=alt.Step(step))

    def describe(self) -> str:
        frame = self.frame()
        best = frame.loc[frame["prob"].fillna(-1.0).groupby(frame["head"], sort=False).idxmax()]
        truth = frame.loc[frame["correct"], "label"].iloc[0]
        parts = [
            f"{row['head']} predicts {quote_class(row['label'])} with {row['prob']:.1%} confidence"
            if row["prob"] >= 0
            else f"{row['head']} has no probabilities"
            for row in best.to_dict("records")
        ]
        text = f"Test image {self.image} (true class {quote_class(truth)}): " + join_parts(parts) + "."
        shown, count = len(self._shown), frame["label"].nunique()
        return text + (f" The chart shows {shown} of {count:,} classes." if shown < count else "")
