"""Settings, data, table and description of learning curves."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import pandas as pd

from core.analysis.curve import MEAN, SPLIT_METRICS, Band, compute_curves, compute_extremes
from core.analysis.seed_mean import SeedMean
from core.analysis.timed import find_timed
from core.displays.curve_chart import METRICS
from core.displays.curve_layers import SPLITS
from core.displays.display import Display, Options
from core.displays.number import format_accuracy, format_loss, format_seconds
from core.displays.scope import describe_excluded
from core.displays.sentence import join_parts
from core.store.comparison import Comparison, Variant
from core.store.elsewhere import Part
from core.store.kept_epoch import describe_kept_epoch

CurveMetric = Literal["accuracy", "loss", "epoch_seconds", "learning_rate"]
XAxis = Literal["epoch", "seconds"]
Splits = Literal["both", "training", "validation"]

BANDS = {"std": "standard deviation over seeds", "interval": "95% interval over seeds", "none": "none"}


@dataclass(frozen=True)
class CurveData(Display):
    """A metric by epoch or training time, for training and validation.

    `smoothing` between 0 and 1 is the weight of previous values in an exponential moving average; the mean before
    smoothing is a faint line. `log` selects a log axis for the metric or for the error, 1 − accuracy: 90%, 99% and
    99.9% are equally spaced. `first_epoch` and `last_epoch` limit the chart, not the data. `head` is the only one
    that is drawn, and `shown` are the labels of several; None and an empty tuple select all.

    The frame contains every epoch. The table contains the best and the last values.
    """

    needs: ClassVar[tuple[Part, ...]] = ("curves",)

    metric: CurveMetric = "accuracy"
    x: XAxis = "epoch"
    smoothing: float = 0.0
    log: bool = False
    splits: Splits = "both"
    seeds: bool = False
    band: Band = "std"
    marks: bool = True
    first_epoch: int = 1
    last_epoch: int | None = None
    head: str | None = None
    shown: tuple[str, ...] = ()

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        epochs = max((run.record.trained_epochs for run in comparison.runs), default=1)
        return {
            **super().choices(comparison),
            "metric": {name: metric.name for name, metric in METRICS.items()},
            "splits": {"both": "training and validation", "training": "training", "validation": "validation"},
            "smoothing": {0.0: "none", 0.3: "0.3", 0.6: "0.6", 0.9: "0.9"},
            "band": BANDS,
            "first_epoch": range(1, epochs + 1),
            "last_epoch": {epoch: str(epoch) for epoch in range(1, epochs + 1)},
        }

    @property
    def heading(self) -> str:
        name = METRICS[self.metric].name.removesuffix(" (s)")
        if self.metric == "epoch_seconds" and self.x == "epoch":
            return name
        return f"{name} by {'epoch' if self.x == 'epoch' else 'training time'}"

    @cached_property
    def variants(self) -> list[Variant]:
        return [
            variant
            for variant in self.available.variants
            if self.head in (None, variant.label) and (not self.shown or variant.label in self.shown)
        ]

    @property
    def labels(self) -> list[str]:
        return [variant.label for variant in self.variants]

    @property
    def has_splits(self) -> bool:
        return self.metric in SPLIT_METRICS

    @property
    def own_splits(self) -> tuple[str, ...]:
        if not self.has_splits:
            return ("training",)
        return SPLITS if self.splits == "both" else (self.splits,)

    @cached_property
    def curves(self) -> pd.DataFrame:
        frame = compute_curves(self.comparison, self.metric, self.x, self.smoothing, self.band)
        return frame[frame["split"].isin(self.own_splits) & frame["head"].isin(self.labels)].reset_index(drop=True)

    @property
    def has_band(self) -> bool:
        return bool(self.curves["low"].notna().any())

    def frame(self) -> pd.DataFrame:
        """Return the columns of `compute_curves`: one row per head, seed (−1 for the mean), split and epoch."""
        return self.curves.copy()

    def table(self) -> pd.DataFrame:
        best = "Best" if self.has_splits else "Lowest"
        name = METRICS[self.metric].name.removesuffix(" (s)")
        rows = [
            {
                self.column: found.head,
                "Metric": f"{found.split.capitalize()} {self.metric}" if self.has_splits else name,
                best: self._format(found.best),
                f"{best}: epoch": _write_epochs(found.best_epochs),
                "Last": self._format(found.last),
                "Last: epoch": _write_epochs(found.last_epochs),
                "Seeds": str(found.last.seeds),
            }
            for found in compute_extremes(self.comparison, self.metric)
            if found.head in self.labels and found.split in self.own_splits
        ]
        names = (self.column, "Metric", best, f"{best}: epoch", "Last", "Last: epoch", "Seeds")
        return pd.DataFrame(rows, columns=[*names])

    def _format(self, value: SeedMean) -> str:
        if self.metric == "accuracy":
            return format_accuracy(value)
        if self.metric == "loss":
            return format_loss(value)
        write = format_seconds if self.metric == "epoch_seconds" else "{:g}".format
        if not math.isfinite(value.mean):
            return "–"
        return write(value.mean) + (f" ± {write(value.std)}" if value.std else "")

    def write(self, value: float, low: float, high: float) -> str:
        if math.isnan(value):
            return "–"
        high = min(high, 1) if self.metric == "accuracy" else high
        band = "" if math.isnan(low) else f" ({self._write_value(max(low, 0))} to {self._write_value(high)})"
        return self._write_value(value) + band

    def _write_value(self, value: float) -> str:
        if self.metric == "accuracy":
            return f"{100 * value:.2f}%"
        if self.metric == "epoch_seconds":
            return format_seconds(value)
        return f"{value:.4f}" if self.metric == "loss" else f"{value:g}"

    def explain(self) -> list[str]:
        """Return what the lines, bands and marks are, as the beginnings of sentences without a full stop."""
        many = any(len(variant.runs) > 1 for variant in self.variants)
        parts = ["bold lines: means over seeds"] if many else []
        parts += [f"bands: {BANDS[self.band]}"] if self.has_band else []
        if many:
            thin = "single seeds" if self.seeds else "single seeds beyond the end of their mean"
            parts += [f"thin lines: {thin}"] if self.seeds or self._has_longer_seeds else []
        parts += ["validation solid, training dotted"] if len(self.own_splits) > 1 else []
        parts += [f"faint lines: before smoothing ({self.smoothing:g})"] if self.smoothing else []
        parts += self._explain_marks()
        return [*parts, *([note] if (note := self.explain_loss()) else []), *self._explain_costs()]

    def _explain_marks(self) -> list[str]:
        if not self.marks or not self.has_splits:
            return []
        kept = [run.record for variant in self.variants for run in variant.runs if run.record.kept_epoch]
        every = all(any(run.record.kept_epoch for run in variant.runs) for variant in self.variants)
        parts = [f"open marks: accuracies measured {describe_kept_epoch(kept)}"] if kept else []
        line = f"{self.own_splits[-1]} {'mean' if len(self.comparison.runs) > len(self.variants) else 'line'}"
        other = "of each other" if kept else "open marks: best epoch of each"
        return parts if every else [*parts, f"{other} {line}" if not kept else f"elsewhere: best epoch of the {line}"]

    def _explain_costs(self) -> list[str]:
        parts = []
        if self.metric == "epoch_seconds":
            parts += ["time includes the validation; the first epoch also includes the tracing of the model"]
        if self.metric == "learning_rate":
            parts += ["Adam with the learning rate of the hyperparameters, the same in every epoch"]
        if self.x == "seconds" or self.metric == "epoch_seconds":
            timed = find_timed(self.comparison)
            names = ", ".join(map(str, (timed.machine, *timed.others)))
            parts += [f"times of different machines are not comparable: {names}"] if timed.others else []
        return parts

    @property
    def _has_longer_seeds(self) -> bool:
        curves = self.curves
        ends = curves.groupby(["head", "split", "seed"])[self.x].max().unstack("seed")
        if MEAN not in ends:
            return True
        return bool((ends.drop(columns=MEAN).max(axis=1) > ends[MEAN].fillna(-math.inf)).any())

    def explain_loss(self) -> str:
        """Return which training losses are not comparable with the validation loss; "" if all are."""
        if self.metric != "loss" or "training" not in self.own_splits:
            return ""
        labels = [v.label for v in self.variants if any(run.record.has_penalty_in_loss for run in v.runs)]
        return f"the training loss of {', '.join(labels)} includes the L2 penalty (earlier version)" if labels else ""

    def _write_end(self, last: Mapping[Any, Any] | None, longest: float) -> str:
        """Return the last value of a mean and, if some seed continues to `longest`, where it ends."""
        if last is None:
            return "has no mean"
        at = f"epoch {last['epoch']:.0f}" if self.x == "epoch" else format_seconds(last["seconds"])
        value = self._format(SeedMean(last["value"], None, 1))
        return f"final {value}" if last[self.x] == longest else f"{value} at {at}"

    def describe(self) -> str:
        mean = self.curves[self.curves["seed"] == MEAN]
        if self.curves.empty:
            return "No epochs completed yet."
        line = ["head", "split"]
        longest = self.curves.groupby(line)[self.x].max()
        last = {(row["head"], row["split"]): row for row in mean.groupby(line).tail(1).to_dict("records")}
        parts = []
        for variant in self.variants:
            ends = []
            for split in self.own_splits:
                key = variant.label, split
                end = self._write_end(last.get(key), longest.get(key, math.nan))
                ends.append(f"{f'{split} ' if self.has_splits else ''}{end}")
            parts.append(f"{variant.label}: {', '.join(ends)}" if self.has_splits else f"{variant.label} {ends[0]}")
        notes = self.explain()
        about = f" ({'; '.join(notes)})" if notes else ""
        text = f"{self.heading}{about}. {join_parts(parts)}."
        if any(len(variant.runs) > 1 for variant in self.variants):
            shared = "epochs" if self.x == "epoch" else "time"
            text += f" Means cover the {shared} that all seeds of a head have in common."
        lost = describe_excluded(len(self.comparison.diverged), "more run", "that diverged before its first result")
        return f"{text} {lost}".strip()


def _write_epochs(epochs: tuple[int, ...]) -> str:
    """Return the epochs of the seeds, such as "12" or "12–17"; "–" for none."""
    if not epochs:
        return "–"
    return f"{min(epochs):,}" + (f"–{max(epochs):,}" if len({*epochs}) > 1 else "")
