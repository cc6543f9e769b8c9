"""Epochs and training time until a validation accuracy is reached."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import altair as alt
import pandas as pd

from core.analysis.convergence import choose_target, compute_convergence, compute_factors
from core.displays.axis import list_whole_ticks
from core.displays.chart_view import Chart
from core.displays.display import Display, Options
from core.displays.encoding import color_heads, position_heads, shape_heads
from core.displays.equal_points import SHIFT, with_shifts
from core.displays.number import format_ratio, format_seconds
from core.displays.sentence import join_parts
from core.store.comparison import Comparison


@dataclass(frozen=True)
class Convergence(Display):
    """Epochs and seconds until the validation accuracy first reaches `target`, a fraction of 1.

    `target` None selects the highest whole percentage that every run reaches. `by` is the x axis of the chart.
    """

    name: ClassVar[str] = "convergence"
    title: ClassVar[str] = "Time to accuracy"

    target: float | None = None
    by: Literal["epoch", "seconds"] = "epoch"

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        return {"target": {share: f"{share:.0%}" for share in (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)}}

    @cached_property
    def _target(self) -> float:
        return choose_target(self.comparison) if self.target is None else self.target

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_convergence(self.comparison, self._target)

    def frame(self) -> pd.DataFrame:
        """Return the columns head, seed, target, epochs, seconds; NaN for a run that does not reach the target."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found
        return pd.DataFrame(
            {
                "Run": [f"{row['head']}, seed {row['seed']}" for row in frame.to_dict("records")],
                "Validation accuracy": frame["target"].map("{:.0%}".format),
                "Epochs": frame["epochs"].map(lambda value: "not reached" if pd.isna(value) else f"{value:,.0f}"),
                "Training time": frame["seconds"].map(format_seconds),
            }
        )

    def chart(self) -> Chart | None:
        frame = self._found.dropna(subset=["epochs"])
        if frame.empty:
            return None
        name, title = ("epochs", "Epochs") if self.by == "epoch" else ("seconds", "Training time (s)")
        frame = with_shifts(frame, [frame["head"], frame[name]], 10, 24)
        base = alt.Chart(frame).encode(
            y=position_heads(self.comparison),
            color=color_heads(self.comparison, legend=False),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("seed:Q", title="Seed"),
                alt.Tooltip("epochs:Q", title="Epochs", format=",.0f"),
                alt.Tooltip("seconds:Q", title="Training time (s)", format=",.1f"),
            ],
        )
        top = 1.08 * float(frame[name].max())
        text = f"{title} to {self._target:.0%} validation accuracy"
        axis = alt.Axis(values=list_whole_ticks(0, top), format="d") if self.by == "epoch" else alt.Axis()
        x = alt.X(f"{name}:Q", title=text, scale=alt.Scale(domain=[0, top], nice=False), axis=axis)
        shape = shape_heads(self.comparison, legend=False)
        points = base.mark_point(filled=True, size=90, opacity=0.75, yOffset=SHIFT).encode(x=x, shape=shape)
        means = base.mark_tick(thickness=3, size=34).encode(x=alt.X(f"mean({name}):Q"), tooltip=alt.value(None))
        return (points + means).properties(height=60 + 60 * len(self.comparison.labels))

    def describe(self) -> str:
        """Describe the epochs and time of each head, relative to the fastest."""
        factors = compute_factors(self._found)
        parts = []
        for row in factors.to_dict("records"):
            if row["reached"] == 0:
                parts.append(f"{row['head']} does not reach it")
                continue
            epochs = f"{row['epochs']:.1f}".removesuffix(".0")
            noun = "epoch" if epochs == "1" else "epochs"
            took = f"{row['head']} takes {epochs} {noun}"
            took += f" and {format_seconds(row['seconds'])}" if row["seconds"] == row["seconds"] else ""
            if row["reached"] < row["runs"]:
                took += f" in {row['reached']} of {row['runs']} seeds and does not reach it in the others"
            elif len(factors) > 1 and (row["epochs_factor"] > 1 or row["seconds_factor"] > 1):
                known = row["seconds_factor"] == row["seconds_factor"]
                times = f", {format_ratio(row['seconds_factor'])} the time" if known else ""
                took += f" ({format_ratio(row['epochs_factor'])} the epochs{times} of the fastest)"
            parts.append(took)
        return f"Time to {self._target:.0%} validation accuracy, mean over seeds: " + join_parts(parts) + "."
