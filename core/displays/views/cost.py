"""Costs and accuracy of each head."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.cost import COSTS, compute_costs, find_features_seconds
from core.analysis.timed import find_timed
from core.displays.chart_view import Chart
from core.displays.cost_format import COST_FORMS, EPOCH_HELP, write_cost, write_mean
from core.displays.display import Display
from core.displays.encoding import (
    FRAME_PIXELS,
    GREY,
    color_heads,
    measure_legend,
    shape_heads,
    write_note,
)
from core.displays.equal_points import SHIFT, with_shifts
from core.displays.label import fit_labels
from core.displays.number import format_ratio, format_seconds
from core.store.comparison import MANY_VARIANTS
from core.store.same_test_set import RunsOnTestSet

_ROW_PIXELS = 32
_LABEL_CHARS = 24  # of a cost, on one line, because the rows are low


@dataclass(frozen=True)
class Costs(Display):
    """Costs of each head, as means over seeds. The chart shows each cost relative to the cheapest head."""

    name: ClassVar[str] = "cost"
    title: ClassVar[str] = "Costs"
    shows_evidence: ClassVar[bool] = True

    @cached_property
    def _test_set_runs(self) -> RunsOnTestSet:
        return RunsOnTestSet.of(self.comparison)

    @cached_property
    def _found(self) -> pd.DataFrame:
        frame = compute_costs(self._test_set_runs)
        labels = {variant.first.run_id: variant.label for variant in self.comparison.variants}
        firsts = self._test_set_runs.runs.groupby("configuration")["run_id"].first()
        frame["name"] = frame["configuration"].map(firsts.map(labels))
        order = {label: i for i, label in enumerate(self.comparison.labels)}
        frame = frame.sort_values("name", key=lambda names: names.map(order), ignore_index=True)
        return frame.drop(columns=["configuration", "head", "label"]).rename(columns={"name": "head"})

    def frame(self) -> pd.DataFrame:
        """Return the costs of each head; NaN for values that were not measured, or a single seed without deviation.

        Columns: head, seeds, cpu, test_accuracy, test_accuracy_std, the costs, accuracy_per_1000_params (percentage
        points).
        """
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        """Return the costs with one row per cost and one column per head."""
        rows = self._found.to_dict("records")
        cells = {
            COST_FORMS[cost].short: [_write_with_tail(cost, row) for row in rows]
            for cost in COSTS
            if cost not in _TAILS.values()
        }
        cells = {"Test accuracy": [*map(write_mean, rows)]} | cells
        cells["Points per 1,000 parameters"] = [_write_density(row["accuracy_per_1000_params"]) for row in rows]
        table = pd.DataFrame.from_dict(cells, orient="index", columns=self.comparison.labels)
        return table.rename_axis("Mean over seeds").reset_index()

    def explain_times(self) -> str:
        """Explain what the training times include."""
        seconds = find_features_seconds(self._test_set_runs)
        if seconds is None:
            return EPOCH_HELP
        measured = f": {format_seconds(seconds)}" if seconds == seconds else ""
        return (
            f"{EPOCH_HELP} Neither includes the feature maps of the frozen backbone, which are computed once for all "
            f"heads and seeds{measured}."
        )

    def chart(self) -> Chart | None:
        frame = self._found.melt(["head"], [*COSTS], "cost", "value").dropna(subset=["value"])
        cheapest = frame.groupby("cost")["value"].transform("min")
        frame = frame[cheapest > 0].assign(times=frame["value"] / cheapest)
        if frame.empty or len(self.comparison.variants) < 2:
            return None
        shorts = [COST_FORMS[cost].short for cost in COSTS]
        frame["short"] = frame["cost"].map(lambda cost: COST_FORMS[cost].short)
        frame["text"] = [write_cost(row["cost"], row["value"]) for row in frame.to_dict("records")]
        frame = with_shifts(frame, [frame["short"], np.log10(frame["times"])], 6, 7)
        y = alt.Y(
            "short:N", title=None, sort=[short for short in shorts if short in set(frame["short"])],
            axis=alt.Axis(**fit_labels(shorts, _LABEL_CHARS), grid=True, labelOverlap=False),
        )  # fmt: skip
        x = alt.X(
            "times:Q", title=f"Relative to the cheapest {self.comparison.noun} (log)",
            scale=alt.Scale(type="log", nice=False, padding=14),
            axis=alt.Axis(format="~g", tickCount=5),
        )  # fmt: skip
        base = alt.Chart(frame).encode(y=y)
        lines = base.mark_rule(strokeWidth=1.5, color=GREY).encode(x=alt.X("min(times):Q"), x2=alt.X2("max(times):Q"))
        points = base.mark_point(filled=True, size=100, opacity=0.9, yOffset=SHIFT).encode(
            x=x, color=color_heads(self.comparison), shape=shape_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title=self.column), alt.Tooltip("short:N", title="Cost"),
                alt.Tooltip("text:N", title="Mean over seeds"), alt.Tooltip("times:Q", title="Relative", format=",.2f"),
            ],
        )  # fmt: skip
        note = write_note(find_timed(self.comparison).note)
        return (lines + points).properties(
            height=FRAME_PIXELS + measure_legend(self.comparison.labels) + _ROW_PIXELS * len(shorts), title=note
        )

    def describe(self) -> str:
        rows, which = self._found.to_dict("records"), ""
        if len(rows) > MANY_VARIANTS:
            which = f", the highest and the lowest of {len(rows)} {self.comparison.noun}s"
            ranked = self._found.sort_values("accuracy_per_1000_params", ascending=False)
            rows = ranked.iloc[[0, -1]].to_dict("records")
        parts = []
        for row in rows:
            density = f"{row['head']} {_write_density(row['accuracy_per_1000_params'])} points"
            others = [f"{write_cost(n, row[n])} {word}" for n, word in _DESCRIBED.items() if row[n] == row[n]]
            parts.append(f"{density} ({', '.join(others)})")
        text = f"Test accuracy per 1,000 parameters{which}: {'; '.join(parts)}."
        if len(rows) == 2:
            a, b = sorted(rows, key=lambda row: row["params"])  # NaN is not greater than 0
            if 0 < a["params"] < b["params"] and b["accuracy_per_1000_params"] > 0:
                ratio = format_ratio(a["accuracy_per_1000_params"] / b["accuracy_per_1000_params"])
                text += f" {a['head']} has {ratio} the accuracy per parameter of {b['head']}."
        return f"{text} {self.explain_times()}"


_TAILS = {"latency_seconds": "latency_p95_seconds", "latency_32_seconds": "latency_32_p95_seconds"}
_DESCRIBED = {"latency_seconds": "per image", "epoch_seconds": "per training epoch"}


def _write_with_tail(cost: str, row: Mapping[Any, Any]) -> str:
    """Return "67 µs, p95 85 µs" for a latency, otherwise the mean cost."""
    tail = f", p95 {write_cost(_TAILS[cost], row[_TAILS[cost]])}" if cost in _TAILS else ""
    return write_cost(cost, row[cost]) + tail


def _write_density(value: float) -> str:
    """Format percentage points per 1,000 parameters."""
    return f"{float(f'{value:.3g}'):g}" if value == value else "–"
