"""Classification metrics of each head, averaged over the classes."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd

from core.analysis.class_metrics import AREAS, INTERVALS, compute_averages
from core.analysis.prediction import find_positive
from core.analysis.summary import read_seed_mean
from core.displays.display import Display
from core.displays.number import format_accuracy, format_area, format_share_interval, quote_class
from core.displays.scope import describe_intervals
from core.displays.sentence import join_parts

_TITLES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "top_5": "Top-5 accuracy",
    "precision_positive": "Precision",
    "recall_positive": "Recall",
    "f1_positive": "F1",
    "precision_macro": "Precision (macro)",
    "recall_macro": "Recall (macro)",
    "f1_macro": "F1 (macro)",
    "precision_weighted": "Precision (weighted)",
    "recall_weighted": "Recall (weighted)",
    "f1_weighted": "F1 (weighted)",
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
}


@dataclass(frozen=True)
class Averages(Display):
    """Accuracy, balanced accuracy, top-5 accuracy, averages of precision, recall and F1, and areas under curves."""

    name: ClassVar[str] = "averages"
    title: ClassVar[str] = "Classification metrics"

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_averages(self.comparison)

    def frame(self) -> pd.DataFrame:
        """Return the columns of `compute_averages`: mean and standard deviation over the seeds of each metric, and the
        intervals of both accuracies."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        """Return one row per metric and one column per head."""
        rows, found = [], self._found.to_dict("records")
        for metric, title in _TITLES.items():
            if self._found[metric].notna().any():
                write = format_area if metric in AREAS else format_accuracy
                cells = {row["head"]: write(read_seed_mean(row, metric)) for row in found}
                rows.append({"Metric": title, **cells})
            if metric in INTERVALS and self._has_intervals:
                ends = {
                    row["head"]: format_share_interval(row[f"{metric}_low"], row[f"{metric}_high"]) for row in found
                }
                rows.append({"Metric": f"{title}, 95% interval", **ends})
        return pd.DataFrame(rows)

    @property
    def _has_intervals(self) -> bool:
        return bool(self._found[f"{INTERVALS[0]}_low"].notna().any())

    def chart(self) -> None:
        return None

    def describe(self) -> str:
        parts = [
            f"{row['head']} {format_accuracy(read_seed_mean(row, 'balanced_accuracy'))}, F1 (macro) "
            f"{format_accuracy(read_seed_mean(row, 'f1_macro'))}"
            for row in self._found.to_dict("records")
        ]
        return f"Balanced accuracy: {join_parts(parts)}. {self.explain()}"

    def explain(self) -> str:
        """Explain the averages and how the seeds are combined."""
        positive = find_positive(self.comparison)
        if positive is None:
            areas = "the areas are means over the classes, each against the rest"
        else:
            name = quote_class(self.comparison.first.record.data.classes[positive])
            areas = f"the areas, and precision, recall and F1 without a note, are those of class {name}"
        spread = ", ± is the standard deviation" if len(self.comparison.runs) > len(self.comparison.labels) else ""
        seeds = self._found.loc[self._found[f"{INTERVALS[0]}_low"].notna(), "seeds"]
        cover = f" {describe_intervals(seeds)}" if self._has_intervals else ""
        return (
            "Macro averages give each class the same weight, weighted averages each image; balanced accuracy is the "
            f"mean recall of the classes; {areas}. Each metric is computed per seed, then averaged over seeds{spread}."
            f"{cover}"
        )
