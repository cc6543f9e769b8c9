"""Learning curves: the mean of each head with a band over seeds, and single seeds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.curve import MEAN, thin_curves
from core.displays.axis import list_log_ticks
from core.displays.chart_view import Chart
from core.displays.curve_chart import (
    color_lines,
    draw_continuations,
    draw_floors,
    finish_chart,
    hide_lines,
    position_log_y,
    position_x,
    position_y,
)
from core.displays.curve_data import CurveData
from core.displays.curve_layers import SPLITS, CurveLayers
from core.displays.palette import compute_styles

_MAX_NAMES = 6
_END_SHARE = 0.1  # of the axis, from its end: lines that end before are only named in the legend
_NO_LOSS = 0.001  # end of a log axis if all values are 0
_NAME_CHARS = 17  # longer names are only in the legend, because they would cover the lines on a phone


@dataclass(frozen=True)
class Curves(CurveData):
    """A metric by epoch or training time (see `CurveData`).

    On a log axis, an accuracy of 100% is drawn at half an image, other values of 0 at the end of the axis. The chart
    has about 200 points per line, and fewer if it has more than 100 lines.
    """

    name: ClassVar[str] = "curves"
    title: ClassVar[str] = "Learning curves"

    def chart(self) -> Chart | None:
        low, high = self._limits
        curves = thin_curves(self.curves[self.curves[self.x].between(low, high)])
        frame = self._select_lines(curves)
        if frame.empty:
            return None
        for column, source in (("y", "value"), ("y_raw", "raw"), ("y_low", "low"), ("y_high", "high")):
            frame[column] = self._height(frame, source)
        lines = frame.groupby(["head", "seed", "split"])["y"]
        frame["isolated"] = frame["y"].notna() & lines.shift().isna() & lines.shift(-1).isna()
        banded, raw = self.has_band, self.smoothing > 0
        drawn = ["y", *(["y_low", "y_high"] if banded else []), *(["y_raw"] if raw else [])]
        floors = self._list_floors(frame)
        y, bottom, top = self._y(frame[drawn].to_numpy(dtype=float).ravel().tolist(), floors)
        styles = {label: style for label, style in compute_styles(self.comparison).items() if label in self.labels}
        low, high = float(frame[self.x].min()), float(frame[self.x].max())
        base = alt.Chart(frame[["head", "seed", "split", self.x, "isolated", *drawn]]).encode(
            x=position_x(self.x, low, high), y=y, color=color_lines(styles)
        )
        build = CurveLayers(base, y, self.x, styles)
        main = self.own_splits[-1]
        named = len(styles) <= _MAX_NAMES and max(map(len, styles)) <= _NAME_CHARS
        ends = self._list_ends(frame, high) if named else frame.head(0)
        first, *others = build.draw_lines(dashed=self.has_splits, raw=raw, isolated=bool(frame["isolated"].any()))
        layers = [
            *([build.draw_band(main)] if banded else []),
            first.add_params(hide_lines()),
            *others,
            *([build.draw_names(ends, bottom, top, log=self.log)] if len(ends) else []),
            *draw_continuations(self.x, self._list_continuations(), low, high, bottom=self._by_error),
            *draw_floors({position: text for position, text in floors.items() if text}),
            *build.draw_marks(self._list_marks(low, high)),
            *build.draw_reader(curves, self.write),
        ]
        return finish_chart(alt.layer(*layers), [*styles])

    def _list_ends(self, frame: pd.DataFrame, high: float) -> pd.DataFrame:
        """Return the last value of each head, unless its line ends too early for a name next to it."""
        shown = frame[(frame["split"] == self.own_splits[-1]) & frame["y"].notna()]
        means = shown.sort_values(["seed", self.x], ascending=[False, True], kind="stable")  # the mean last
        ends = means.groupby("head").tail(1)[["head", self.x, "y"]]
        return ends[(ends[self.x] >= high - _END_SHARE * (high - frame[self.x].min())) | (len(self.variants) == 1)]

    @property
    def _limits(self) -> tuple[float, float]:
        """Return the range of the horizontal axis: the limits, in seconds the times of any run at these epochs."""
        first, last = sorted((self.first_epoch, self.last_epoch or 10**9))
        if self.x == "epoch":
            return first, last
        times = [run.history.loc[run.history["epoch"].between(first, last), "seconds"] for run in self.comparison.runs]
        return min((t.min() for t in times if len(t)), default=0), max((t.max() for t in times if len(t)), default=0)

    @property
    def _by_error(self) -> bool:
        return self.log and self.metric == "accuracy"

    def _select_lines(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Remove single seeds up to the end of their mean, unless they are shown or have no mean."""
        frame = frame.sort_values(["head", "seed", "split", self.x], kind="stable", ignore_index=True)
        if self.seeds:
            return frame
        means = self.curves[self.curves["seed"] == MEAN].groupby(["head", "split"])[self.x].max()
        ends = means.reindex(pd.MultiIndex.from_frame(frame[["head", "split"]])).fillna(-math.inf).to_numpy()
        longest = frame.groupby(["head", "seed", "split"])[self.x].transform("max")
        continues = (frame[self.x] >= ends) & (longest > ends)
        return frame[(frame["seed"] == MEAN) | continues].reset_index(drop=True)

    def _height(self, frame: pd.DataFrame, column: str) -> pd.Series:
        """Return values on the y axis."""
        values = frame[column].clip(0, 1 if self.metric == "accuracy" else None)
        if not self.log:
            return values
        drawn = (1 - values).round(9) if self._by_error else values  # in floating point, 1 − 0.9 is less than 0.1
        return drawn.clip(lower=self._floors(frame))

    def _floors(self, frame: pd.DataFrame) -> pd.Series:
        """Return the lowest position of each row on a log axis: for errors, half an image of its split."""
        if not self._by_error:
            return pd.Series(self._floor, index=frame.index)
        data = {variant.label: variant.first.record.data for variant in self.variants}
        half = {
            (label, split): 0.5
            / ((part.train_images if split == "training" else part.validation_images) or part.test_images)
            for label, part in data.items()
            for split in SPLITS
        }
        return pd.Series([half[key] for key in zip(frame["head"], frame["split"], strict=True)], index=frame.index)

    @cached_property
    def _floor(self) -> float:
        """Return the lowest positive value; if there are values of 0, the tick below it."""
        values = self.curves[["value", "raw"]].stack().to_numpy(dtype=float)
        positive = values[values > 0]
        if not len(positive):
            return _NO_LOSS
        return list_log_ticks(float(positive.min()) / 2, 1.0)[0] if (values == 0).any() else float(positive.min())

    def _list_floors(self, frame: pd.DataFrame) -> dict[float, str]:
        """Map the positions of a value of 0 to what they are."""
        if not self.log:
            return {}
        if not self._by_error:
            return {self._floor: ""} if (frame["value"] == 0).any() else {}
        found = frame.assign(floor=self._floors(frame))
        found = found[(1 - found["value"]).round(9) < found["floor"]]
        texts = {}
        for floor, rows in found.groupby("floor"):
            splits = " and ".join(split for split in SPLITS if split in set(rows["split"]))
            texts[float(str(floor))] = f"0.5 errors in {0.5 / float(str(floor)):,.0f} {splits} images (also for 0)"
        return texts

    def _y(self, values: list[float], floors: Mapping[float, str]) -> tuple[alt.Y, float, float]:
        if self.log:
            return position_log_y(self.metric, values, [*floors])
        return position_y(self.metric, values)

    def _list_continuations(self) -> list[float]:
        return [
            float(value)
            for variant in self.variants
            for run in (variant.runs if self.x == "epoch" else variant.runs[:1])
            for value in run.history.loc[run.history["epoch"].isin(run.record.resumed_at), self.x]
        ]

    def _list_marks(self, low: float, high: float) -> pd.DataFrame:
        """Return the kept epoch of each run that keeps the best one, and the best epoch of each other mean."""
        curves = self.curves[self.curves[self.x].between(low, high) & self.curves["value"].notna()]
        if not self.marks or not self.has_splits:
            return curves.head(0)
        kept = {
            (variant.label, run.spec.seed): run.record.kept_epoch
            for variant in self.variants
            for run in variant.runs
            if run.record.kept_epoch
        }
        epochs = pd.Series(kept, index=pd.MultiIndex.from_tuples(kept, names=["head", "seed"]), dtype="float64")
        own = epochs.reindex(pd.MultiIndex.from_frame(curves[["head", "seed"]])).to_numpy()
        means = curves[(curves["seed"] == MEAN) & (curves["split"] == self.own_splits[-1])]
        values = means[~means["head"].isin({head for head, _ in kept})].groupby("head")["value"]
        best = values.idxmax() if self.metric == "accuracy" else values.idxmin()
        marks = pd.concat([curves[curves["epoch"] == own], curves.loc[best]])
        return marks.assign(y=self._height(marks, "value"))[["head", "seed", "split", self.x, "y"]]
