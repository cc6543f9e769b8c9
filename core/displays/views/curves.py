"""Learning curves: every seed as a thin line under the mean of its head."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import altair as alt
import pandas as pd

from core.analysis.curve import compute_curves
from core.analysis.summary import Estimate
from core.displays.display import Chart, Display
from core.displays.number import format_accuracy, format_loss
from core.displays.palette import colors

Metric = Literal["accuracy", "loss"]
XAxis = Literal["epoch", "seconds"]

_NAMES = {"accuracy": "Accuracy", "loss": "Loss"}
_SPLITS = ("training", "validation")


@dataclass(frozen=True)
class Curves(Display):
    """Accuracy or loss by epoch or by seconds, training and validation.

    `smoothing` between 0 and 1 is the weight of the past in a running mean; `log` draws the value axis in powers.
    """

    name: ClassVar[str] = "curves"
    title: ClassVar[str] = "Learning curves"

    metric: Metric = "accuracy"
    x: XAxis = "epoch"
    smoothing: float = 0.0
    log: bool = False
    splits: tuple[str, ...] = _SPLITS
    seeds: bool = True

    def frame(self) -> pd.DataFrame:
        """Columns head, seed (−1 for the mean over seeds), split, epoch, seconds, value."""
        frame = compute_curves(self.comparison, self.metric, self.x, self.smoothing)
        return frame[frame["split"].isin(self.splits)].reset_index(drop=True)

    def chart(self) -> Chart | None:
        frame = self.frame()
        if frame.empty:
            return None
        palette = colors(self.comparison)
        whole = self.metric == "accuracy" and not self.log
        scale = alt.Scale(type="log" if self.log else "linear", zero=False, nice=True)
        x_title = "Epoch" if self.x == "epoch" else "Training time (s)"
        legend = alt.Legend(orient="bottom", columns=2, symbolType="stroke", symbolOpacity=1, labelLimit=260)
        color = alt.Color(
            "head:N",
            title="Head",
            scale=alt.Scale(domain=[*palette], range=[*palette.values()]),
            legend=legend if len(palette) > 2 else None,  # two lines carry their names
        )
        dash = alt.StrokeDash(
            "split:N",
            title="Split",
            scale=alt.Scale(domain=[*_SPLITS], range=[[2, 3], [1, 0]]),
            legend=None,
        )
        base = alt.Chart(frame).encode(
            x=alt.X(
                f"{self.x}:Q",
                title=x_title,
                scale=alt.Scale(nice=False),
                axis=alt.Axis(tickMinStep=1 if self.x == "epoch" else 0, grid=False),
            ),
            y=alt.Y("value:Q", title=_NAMES[self.metric], scale=scale, axis=alt.Axis(format=".0%" if whole else "~g")),
            color=color,
            strokeDash=dash,
        )
        mean = base.transform_filter("datum.seed < 0").mark_line(strokeWidth=2.6, clip=True)
        layers = [mean]
        if self.seeds:
            thin = base.transform_filter("datum.seed >= 0").mark_line(strokeWidth=1, opacity=0.32, clip=True)
            layers.insert(0, thin.encode(detail=["seed:N"]))
        layers += self._names(frame)
        return alt.layer(*layers, *self._reader(frame)).properties(height=330)

    def _names(self, frame: pd.DataFrame) -> list[alt.Chart]:
        """The names of the highest and the lowest line at their ends, where they cannot run into each other."""
        ends = frame[(frame["seed"] < 0) & (frame["split"] == self.splits[-1])].groupby("head", sort=False).tail(1)
        ends = ends.sort_values("value", ascending=False)
        names = [(ends.head(1), -9)] + ([(ends.tail(1), 15)] if len(ends) > 1 else [])
        return [
            alt.Chart(end)
            .mark_text(align="right", dx=-2, dy=dy, fontWeight="bold")
            .encode(x=f"{self.x}:Q", y="value:Q", color="head:N", text="head:N")
            for end, dy in names
        ]

    def _reader(self, frame: pd.DataFrame) -> list[alt.Chart]:
        """A rule that follows the pointer and reads all series at once."""
        mean = frame[frame["seed"] < 0]
        mean = mean.assign(series=mean["head"] + ", " + mean["split"])
        wide = mean.pivot_table(index=self.x, columns="series", values="value", sort=False).reset_index()
        # Vega reads dots and brackets in a field's name as paths, so the columns are numbered and named in the tooltip
        series = [str(column) for column in wide.columns[1:]]
        wide.columns = pd.Index([self.x, *(f"s{i}" for i in range(len(series)))])
        nearest = alt.selection_point(nearest=True, on="pointerover", clear="pointerout", fields=[self.x], empty=False)
        form = ".2%" if self.metric == "accuracy" else ".4f"
        tips = [alt.Tooltip(f"s{i}:Q", title=name, format=form) for i, name in enumerate(series)]
        x_tip = alt.Tooltip(f"{self.x}:Q", title="Epoch" if self.x == "epoch" else "Seconds", format=".4~g")
        rule = (
            alt.Chart(wide)
            .mark_rule(strokeWidth=1, color="#8a94a3")
            .encode(
                x=f"{self.x}:Q",
                opacity=alt.condition(nearest, alt.value(0.9), alt.value(0.0)),
                tooltip=[x_tip, *tips],
            )
            .add_params(nearest)
        )
        dots = (
            alt.Chart(mean)
            .mark_point(filled=True, size=46)
            .encode(
                x=f"{self.x}:Q",
                y="value:Q",
                color="head:N",
                opacity=alt.condition(nearest, alt.value(1.0), alt.value(0.0)),
            )
        )
        return [dots, rule]

    def describe(self) -> str:
        frame = self.frame()
        ends = frame[frame["seed"] < 0].groupby(["head", "split"], sort=False).tail(1)
        if ends.empty:
            return "No epoch is finished yet."
        form = format_accuracy if self.metric == "accuracy" else format_loss
        parts = [
            f"{row['head']} ({row['split']}) ends at {form(Estimate(row['value'], None, 1))}"
            for row in ends.to_dict("records")
        ]
        return f"{_NAMES[self.metric]} by {self.x}. " + "; ".join(parts) + "."
