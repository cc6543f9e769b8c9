"""One test image: the probability that each head gives to every class."""

from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.prediction import choose_runs
from core.displays.display import Chart, Display
from core.displays.palette import colors
from core.errors import ComparisonError


@dataclass(frozen=True)
class Example(Display):
    """The full class distribution of one test image, by its index in the test split."""

    name: ClassVar[str] = "example"
    title: ClassVar[str] = "One image, every class"

    image: int = 0
    seed: int | None = None

    def frame(self) -> pd.DataFrame:
        """Columns head, label, prob, right (whether that class is the true one)."""
        classes = self.comparison.first.record.data.classes
        count = self.comparison.first.record.data.test_images
        if not 0 <= self.image < count:
            raise ComparisonError(f"Expected image between 0 and {count - 1}; got {self.image}.")
        parts = []
        for head, run in choose_runs(self.comparison, self.seed).items():
            predictions = run.predictions
            truth = int(predictions.test_labels[self.image])
            parts += [
                (head, name, float(prob), number == truth)
                for number, (name, prob) in enumerate(zip(classes, predictions.test_probs[self.image], strict=True))
            ]
        return pd.DataFrame(parts, columns=["head", "label", "prob", "right"])

    def chart(self) -> Chart:
        frame = self.frame()
        palette = colors(self.comparison)
        classes = list(self.comparison.first.record.data.classes)
        truth = str(frame.loc[frame["right"], "label"].iloc[0])
        frame["percent"] = frame["prob"].map("{:.1%}".format)
        base = alt.Chart(frame).encode(
            y=alt.Y("label:N", sort=classes, title=f"Class (true: {truth})"),
            yOffset=alt.YOffset("head:N", sort=[*palette]),
            x=alt.X(
                "prob:Q", title="Probability", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=3)
            ),
            tooltip=[
                alt.Tooltip("head:N", title="Head"),
                alt.Tooltip("label:N", title="Class"),
                alt.Tooltip("prob:Q", title="Probability", format=".2%"),
            ],
        )
        scale = alt.Scale(domain=[*palette], range=[*palette.values()])
        bars = base.mark_bar().encode(
            color=alt.Color("head:N", title="Head", scale=scale, legend=alt.Legend(orient="top", labelLimit=240)),
            opacity=alt.condition("datum.right", alt.value(1), alt.value(0.55)),
        )
        text = base.transform_filter("datum.prob >= 0.05").mark_text(align="left", dx=3, fontSize=11, color="#8a94a3")
        return (bars + text.encode(text="percent:N")).properties(height=alt.Step(max(10, 24 // len(palette))))

    def describe(self) -> str:
        frame = self.frame()
        best = frame.loc[frame.groupby("head", sort=False)["prob"].idxmax()]
        truth = frame.loc[frame["right"], "label"].iloc[0]
        parts = [f"{row['head']} says {row['label']} with {row['prob']:.1%}" for row in best.to_dict("records")]
        return f"Test image {self.image}, in truth {truth}: " + "; ".join(parts) + "."
