"""Learning curves: a thin line per seed and the mean of each head."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import altair as alt
import pandas as pd

from core.analysis.curve import MEAN, compute_curves, thin_curves
from core.analysis.summary import SeedMean
from core.displays.axis import list_log_ticks, list_whole_ticks, spread_names
from core.displays.display import Chart, Display, Options
from core.displays.encoding import color_styles, shape_heads
from core.displays.number import format_accuracy, format_loss, format_seconds
from core.displays.palette import compute_styles
from core.store.comparison import Comparison
from core.store.kept_epoch import describe_kept_epoch

Metric = Literal["accuracy", "loss"]
XAxis = Literal["epoch", "seconds"]

_NAMES = {"accuracy": "Accuracy", "loss": "Loss"}
_X_NAMES = {"epoch": "Epoch", "seconds": "Training time"}
_SPLITS = ("training", "validation")
_HEIGHT = 330
_PLOT_HEIGHT = 250  # approximate height without axis and title
_MAX_NAMES = 12
_NO_ERROR = 0.001  # end of a log axis if all values are 0
_NAME_CHARS = 16  # longer names are in a legend, because they would cover the lines on a phone


@dataclass(frozen=True)
class Curves(Display):
    """Accuracy or loss by epoch or training time, for training and validation.

    `smoothing` between 0 and 1 is the weight of previous values in an exponential moving average. `log` selects a log
    axis for the loss or for the error, 1 − accuracy: 90%, 99% and 99.9% are equally spaced. Losses and errors of 0 are
    drawn at the end of a log axis, which is labelled "0" or "100%".

    The frame contains every epoch; the chart has about 200 points per line.
    """

    name: ClassVar[str] = "curves"
    title: ClassVar[str] = "Learning curves"

    metric: Metric = "accuracy"
    x: XAxis = "epoch"
    smoothing: float = 0.0
    log: bool = False
    splits: tuple[str, ...] = _SPLITS
    seeds: bool = True

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        return {"smoothing": {0.0: "none", 0.3: "0.3", 0.6: "0.6", 0.9: "0.9"}}

    @property
    def heading(self) -> str:
        return f"{_NAMES[self.metric]} by {_X_NAMES[self.x].lower()}"

    @cached_property
    def _curves(self) -> pd.DataFrame:
        frame = compute_curves(self.comparison, self.metric, self.x, self.smoothing)
        return frame[frame["split"].isin(self.splits)].reset_index(drop=True)

    def frame(self) -> pd.DataFrame:
        """Return the columns head, seed (−1 for the mean over seeds), split, epoch, seconds, value."""
        return self._curves.copy()

    def chart(self) -> Chart | None:
        frame = thin_curves(self._curves)
        if not self.seeds and MEAN in frame["seed"].values:
            frame = frame[frame["seed"] == MEAN]
        if frame.empty:
            return None
        frame = frame.assign(y=self._height(frame["value"]))
        lines = frame.groupby(["head", "seed", "split"])["y"]
        frame["isolated"] = frame["y"].notna() & lines.shift().isna() & lines.shift(-1).isna()
        frame = frame[["head", "seed", "split", self.x, "y", "isolated"]]
        styles = compute_styles(self.comparison)
        named = max(map(len, styles)) <= _NAME_CHARS and len(styles) <= _MAX_NAMES
        y, low, high = self._y(frame["y"])
        base = alt.Chart(frame).encode(
            x=self._x(frame[self.x]), y=y, color=color_styles(styles, legend=not named, symbol="stroke")
        )
        shape = shape_heads(self.comparison, legend=False)
        dash = alt.StrokeDash("split:N", scale=alt.Scale(domain=[*_SPLITS], range=[[2, 3], [1, 0]]), legend=None)
        layers = []
        for sign, width, size, opacity in ((">=", 1.0, 24, 0.32), ("<", 2.6, 70, 1.0)):
            part = base.transform_filter(f"datum.seed {sign} 0")
            line = part.mark_line(strokeWidth=width, opacity=opacity, clip=True)
            layers.append(line.encode(strokeDash=dash, detail="seed:N"))
            if frame["isolated"].any():  # a value without neighbours, such as a single epoch, is drawn as a point
                point = part.transform_filter("datum.isolated").mark_point(size=size, strokeWidth=1.6, opacity=opacity)
                scale = alt.Scale(domain=[*styles], range=[style.color for style in styles.values()])
                full = alt.Fill("head:N", scale=scale, legend=None)
                layers.append(
                    point.encode(shape=shape, fill=alt.condition("datum.split === 'training'", alt.value("none"), full))
                )
        names = [self._names(frame, low, high)] if named else []
        chart = alt.layer(*layers, *names, *self._resumed(), *self._kept(base), *self._reader(base))
        return chart.properties(height=_HEIGHT + (0 if named else 40 + 20 * len(styles)))

    @property
    def _by_error(self) -> bool:
        return self.log and self.metric == "accuracy"

    def _height(self, values: pd.Series) -> pd.Series:
        """Return the values on the y axis; NaN for values that a log axis cannot show."""
        drawn = (1 - values).round(9) if self._by_error else values  # in floating point, 1 − 0.9 is less than 0.1
        return drawn.clip(lower=self._floor) if self.log else drawn

    @cached_property
    def _floor(self) -> float:
        """Return the lower end of a log axis: the tick below the smallest positive value if there are values of 0."""
        values = self._curves["value"].dropna()
        drawn = (1 - values).round(9) if self._by_error else values
        positive = drawn[drawn > 0]
        if (drawn > 0).all():
            return 0.0
        return list_log_ticks(float(positive.min()) / 2, 1.0)[0] if len(positive) else _NO_ERROR

    def _x(self, values: pd.Series) -> alt.X:
        low, high = float(values.min()), float(values.max())
        room = 0.5 if low == high else 0.0
        ticks = list_whole_ticks(low, high) if self.x == "epoch" else alt.Undefined
        return alt.X(
            f"{self.x}:Q",
            title=_X_NAMES[self.x] + (" (s)" if self.x == "seconds" else ""),
            scale=alt.Scale(domain=[low - room, high + room], nice=False, zero=False),
            axis=alt.Axis(format=",~f", grid=False, labelFlush=False, values=ticks),
        )

    def _y(self, values: pd.Series) -> tuple[alt.Y, float, float]:
        """Return the y axis with its lowest and highest value; for a log axis their base 10 logarithms."""
        low, high = (float(values.min()), float(values.max())) if values.notna().any() else (0.1, 1.0)
        form = "~%" if self.metric == "accuracy" else "~g"
        if not self.log:
            room = 0.04 * (high - low) or 0.05 * (abs(high) or 1.0)
            low, high = max(low - room, 0.0), high + room
            high = min(high, 1.0) if self.metric == "accuracy" else high
            scale = alt.Scale(domain=[low, high], nice=False, zero=False)
            return alt.Y("y:Q", title=_NAMES[self.metric], scale=scale, axis=alt.Axis(format=form)), low, high
        ticks = list_log_ticks(low, high)
        scale = alt.Scale(type="log", domain=[ticks[0], ticks[-1]], nice=False, reverse=self._by_error)
        text = "format(1 - datum.value, '~%')" if self._by_error else "format(datum.value, '~g')"
        if self._floor and math.isclose(ticks[0], self._floor):
            text = f"datum.value === {ticks[0]} ? '{'100%' if self._by_error else '0'}' : {text}"
        axis = alt.Axis(values=ticks, labelExpr=text, labelOverlap="greedy")
        title = "Accuracy (log of 1 − accuracy)" if self._by_error else f"{_NAMES[self.metric]} (log)"
        return alt.Y("y:Q", title=title, scale=scale, axis=axis), math.log10(ticks[0]), math.log10(ticks[-1])

    def _names(self, frame: pd.DataFrame, low: float, high: float) -> alt.Chart:
        """Build the names of the heads at the ends of their lines, without overlap."""
        shown = frame[(frame["split"] == max(self.splits, key=_SPLITS.index)) & frame["y"].notna()]
        by_seed = shown.sort_values("seed", ascending=False, kind="stable")  # the mean last
        ends = by_seed.groupby("head").tail(1)[["head", self.x, "y"]]
        positions = [math.log10(y) for y in ends["y"]] if self.log else ends["y"].tolist()
        spread = spread_names(positions, 15 / _PLOT_HEIGHT * (high - low), low, high)
        ends["position"] = [10**position for position in spread] if self.log else spread
        text = alt.Chart(ends).mark_text(align="left", baseline="middle", dx=5, fontSize=11, fontWeight="bold")
        return text.encode(x=f"{self.x}:Q", y="position:Q", color="head:N", text="head:N")

    def _resumed(self) -> list[alt.Chart]:
        """Build marks at the epochs from which training was resumed."""
        positions = {
            float(value)
            for variant in self.comparison.variants
            for run in (variant.runs if self.x == "epoch" else variant.runs[:1])
            for value in run.history.loc[run.history["epoch"].isin(run.record.resumed_at), self.x]
        }
        if not positions:
            return []
        marks = alt.Chart(pd.DataFrame({self.x: sorted(positions), "text": "resumed"})).encode(x=f"{self.x}:Q")
        rule = marks.mark_rule(strokeDash=[2, 4], color="#8a94a3")
        text = marks.mark_text(align="left", dx=3, dy=6, fontSize=10, color="#8a94a3")
        return [rule, text.encode(y=alt.value(0), text="text:N")]

    def _kept(self, base: alt.Chart) -> list[alt.LayerChart | alt.Chart]:
        """Build a ring at the kept epoch of each run that does not keep the last one."""
        kept = {
            (variant.label, run.spec.seed): run.record.kept_epoch
            for variant in self.comparison.variants
            for run in variant.runs
            if run.record.kept_epoch
        }
        keys = zip(self._curves["head"], self._curves["seed"], strict=True)
        rows = self._curves[self._curves["epoch"] == pd.Series([kept.get(key) for key in keys], dtype="float64")]
        if rows.empty:
            return []
        rows = rows.assign(y=self._height(rows["value"]))[["head", "seed", "split", self.x, "y"]]
        return [base.mark_point(size=90, strokeWidth=2, filled=False).properties(data=rows)]

    def _reader(self, base: alt.Chart) -> list[alt.Chart]:
        """Build a rule that follows the pointer, with a tooltip of all series; "–" for missing values."""
        mean = thin_curves(self._curves[self._curves["seed"] == MEAN])
        if mean.empty:
            return []
        mean = mean.assign(series=mean["head"] + ", " + mean["split"])
        wide = mean.pivot_table(index=self.x, columns="series", values="value", sort=False, dropna=False).sort_index()
        # Vega interprets dots and brackets in field names as paths, so columns are numbered and named in the tooltip
        series = [str(column) for column in wide.columns]
        wide = wide.map(self._write).set_axis([f"s{i}" for i in range(len(series))], axis=1).reset_index()
        wide["at"] = wide[self.x].map(format_seconds if self.x == "seconds" else "{:,.0f}".format)
        # A transparent band around each value catches the pointer. Vega-Lite's `nearest` does not work in files whose
        # content security policy forbids code generation.
        xs = wide[self.x].to_numpy(dtype=float)
        middles = (xs[1:] + xs[:-1]) / 2
        wide["from"], wide["to"] = [xs[0], *middles], [*middles, xs[-1]]
        hovered = alt.selection_point(on="pointerover", clear="pointerout", fields=[self.x], empty=False)
        tips = [alt.Tooltip(f"s{i}:N", title=name) for i, name in enumerate(series)]
        bands = (
            alt.Chart(wide)
            .mark_rect(opacity=0, stroke="#8a94a3", strokeWidth=8)
            .encode(
                x=alt.X("from:Q"),
                x2="to:Q",
                tooltip=[alt.Tooltip("at:N", title=_X_NAMES[self.x]), *tips],
            )
            .add_params(hovered)
        )
        opacity = alt.condition(hovered, alt.value(0.9), alt.value(0.0))
        rule = alt.Chart(wide).mark_rule(strokeWidth=1, color="#8a94a3").encode(x=f"{self.x}:Q", opacity=opacity)
        dots = base.transform_filter("datum.seed < 0").mark_point(filled=True, size=46)
        shape = shape_heads(self.comparison, legend=False)
        return [rule, dots.encode(shape=shape, opacity=alt.condition(hovered, alt.value(1.0), alt.value(0.0))), bands]

    def _write(self, value: float) -> str:
        if math.isnan(value):
            return "–"
        return f"{100 * value:.2f}%" if self.metric == "accuracy" else f"{value:.4f}"

    def _explain_lines(self) -> str:
        """Explain the line styles, which have no legend."""
        many = self.seeds and any(len(variant.runs) > 1 for variant in self.comparison.variants)
        parts = ["validation solid, training dotted"] if len(self.splits) > 1 else []
        parts += ["thin lines are single seeds"] if many else []
        parts += [note] if (note := self.explain_loss()) else []
        kept = [run for run in self.comparison.runs if run.record.kept_epoch]
        parts += [f"rings: accuracies measured {describe_kept_epoch(run.record for run in kept)}"] if kept else []
        return f" ({'; '.join(parts)})" if parts else ""

    def explain_loss(self) -> str:
        """Return which training losses are not comparable with the validation loss; "" if all are."""
        if self.metric != "loss" or "training" not in self.splits:
            return ""
        variants = self.comparison.variants
        labels = [v.label for v in variants if any(run.record.has_penalty_in_loss for run in v.runs)]
        return f"the training loss of {', '.join(labels)} includes the L2 penalty (earlier version)" if labels else ""

    def _write_end(self, rows: pd.DataFrame) -> str:
        """Return the last value of a mean and, if some seed continues, where it ends."""
        if rows.empty:
            return "has no mean"
        form = format_accuracy if self.metric == "accuracy" else format_loss
        last = rows.iloc[-1]
        curves = self._curves
        longest = curves.loc[(curves["head"] == last["head"]) & (curves["split"] == last["split"]), self.x].max()
        at = f"epoch {last['epoch']:.0f}" if self.x == "epoch" else format_seconds(last["seconds"])
        value = form(SeedMean(last["value"], None, 1))
        return f"final {value}" if last[self.x] == longest else f"{value} at {at}"

    def describe(self) -> str:
        mean = self._curves[self._curves["seed"] == MEAN]
        if self._curves.empty:
            return "No epochs completed yet."
        parts = []
        for head in self.comparison.labels:
            for split in self.splits:
                rows = mean[(mean["head"] == head) & (mean["split"] == split)]
                parts.append(f"{head} ({split}) {self._write_end(rows)}")
        text = f"{self.heading}{self._explain_lines()}. " + "; ".join(parts) + "."
        if any(len(variant.runs) > 1 for variant in self.comparison.variants):
            shared = "epochs" if self.x == "epoch" else "time"
            text += f" Means cover the {shared} that all seeds of a head have in common."
        return text
