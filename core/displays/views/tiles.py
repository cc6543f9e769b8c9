"""Key metrics of the smallest variant, compared with the baseline."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd

from core.analysis.finding import Finding, compute_finding
from core.analysis.summary import compute_mean_cost, describe_metric
from core.analysis.timed import Timed, find_timed
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.number import (
    format_accuracy,
    format_bytes,
    format_count,
    format_interval,
    format_points,
    format_seconds,
)
from core.displays.scope import describe_intervals
from core.store.comparison import Variant

_COSTS = (
    ("tflite_bytes", "File size (LiteRT)", format_bytes, ("smaller", "larger")),
    ("latency_seconds", "Latency per image", format_seconds, ("faster", "slower")),
)


@dataclass(frozen=True)
class Tiles(Display):
    """Parameters, accuracy, file size and latency of the smallest variant, compared with the baseline."""

    name: ClassVar[str] = "tiles"
    title: ClassVar[str] = "Key metrics"

    @cached_property
    def _sides(self) -> tuple[Variant, Finding | None]:
        finding = compute_finding(self.comparison)
        return (finding.subject if finding else self.comparison.variants[0]), finding

    @cached_property
    def _timed(self) -> Timed:
        return find_timed(self.comparison)

    @cached_property
    def _rows(self) -> list[tuple[str, str, str, int]]:
        """Return name, value, difference and rating (1 better, −1 worse, 0 neither) of each metric."""
        small, finding = self._sides
        accuracy, better = "", 0
        if finding:
            gap = finding.accuracy
            accuracy = format_points(gap.mean) if gap.mean else "the same"
            uncertainty = "single seed" if gap.verdict == "one seed" else format_interval(gap, name=False)
            accuracy += f" ({uncertainty})"
            better = {"better": 1, "worse": -1}.get(gap.verdict, 0)
        return [
            self._cost("params", "Parameters", format_count, ("fewer", "more")),
            ("Test accuracy", format_accuracy(describe_metric(small, "test_accuracy"), seeds=False), accuracy, better),
            *(self._cost(*cost) for cost in _COSTS),
        ]

    def frame(self) -> pd.DataFrame:
        """Return one row per metric.

        Columns: metric, head, value, baseline, baseline_value (NaN for a single variant), better (1 better, −1 worse,
        0 no verdict).
        """
        small, finding = self._sides
        rows = []
        metrics = ("params", "test_accuracy", *(name for name, *_ in _COSTS))
        for metric, (*_, better) in zip(metrics, self._rows, strict=True):
            mine, theirs = (
                compute_mean_cost(small, metric, self._timed.run_ids).mean,
                compute_mean_cost(finding.baseline, metric, self._timed.run_ids).mean if finding else math.nan,
            )
            rows.append((metric, small.label, mine, finding and finding.baseline.label, theirs, better))
        return pd.DataFrame(rows, columns=["metric", "head", "value", "baseline", "baseline_value", "better"])

    def table(self) -> pd.DataFrame:
        rows = [(name, self._sides[0].label, value, difference) for name, value, difference, _ in self._rows]
        return pd.DataFrame(rows, columns=["Metric", self.column, "Value", "Difference"])

    def _cost(
        self, metric: str, name: str, form: Callable[[float], str], words: tuple[str, str]
    ) -> tuple[str, str, str, int]:
        small, finding = self._sides
        timed = self._timed
        mine = compute_mean_cost(small, metric, timed.run_ids).mean
        if finding is None:
            return name, form(mine), "", 0
        theirs = compute_mean_cost(finding.baseline, metric, timed.run_ids).mean
        if metric.endswith("seconds") and timed.others and not math.isfinite(theirs - mine):
            return name, form(mine), "measured on different machines", 0
        return name, form(mine), *_times(theirs, mine, words)

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        small, finding = self._sides
        parts = [
            f"{name} {value}" + (f", {difference}" if difference else "") for name, value, difference, _ in self._rows
        ]
        known = finding is not None and finding.accuracy.verdict != "one seed"
        cover = f" {describe_intervals(finding.accuracy.seeds)}" if finding and known else ""
        against = f" compared with {finding.baseline.label}" if finding else ""
        return f"{small.label}{against}: {'; '.join(parts)}.{cover}"


def _times(theirs: float, mine: float, words: tuple[str, str]) -> tuple[str, int]:
    """Return "17.5× fewer" and its rating (1 better, −1 worse, 0 for differences below 5%)."""
    if not math.isfinite(theirs - mine):
        return "not measured for both", 0
    if min(theirs, mine) <= 0 or max(theirs, mine) / min(theirs, mine) < 1.05:
        return "about the same", 0
    ratio = max(theirs, mine) / min(theirs, mine)
    text = f"{ratio:,.{1 if ratio < 100 else 0}f}× {words[mine > theirs]}"
    return text, 1 if theirs > mine else -1
