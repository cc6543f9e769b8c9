"""Classification metrics of a comparison: per class, averages, and curves over all thresholds.

Seeds are combined after the metric: each is computed for every trained model, and the mean and the sample standard
deviation over the seeds are reported. Probabilities or counts of several models are not pooled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from core.analysis.balanced_accuracy import compute_balanced_interval
from core.analysis.classification import (
    MIN_CLASSES_OF_TOP,
    ClassScores,
    Floats,
    compute_scores,
    compute_top,
    count_thresholds,
    mask_scores,
    thin_curve,
)
from core.analysis.correctness import stack_correct
from core.analysis.crossed import compute_accuracy_interval
from core.analysis.prediction import find_positive
from core.store.comparison import Comparison, Variant
from core.store.elsewhere import has_probabilities
from core.store.metrics import compute_predicted
from core.store.run import Run

ClassMetric = Literal["f1", "precision", "recall", "average_precision", "roc_auc"]
CLASS_METRICS: tuple[ClassMetric, ...] = ("f1", "precision", "recall", "average_precision", "roc_auc")
AVERAGES = (
    "accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro", "precision_weighted",
    "recall_weighted", "f1_weighted", "precision_positive", "recall_positive", "f1_positive", "roc_auc",
    "average_precision", "top_5",
)  # fmt: skip
INTERVALS = ("accuracy", "balanced_accuracy")
AREAS = ("average_precision", "roc_auc")
MAX_POINTS = 200  # of a curve

CurveKind = Literal["roc", "precision_recall"]


@dataclass(frozen=True)
class RunMetrics:
    """Metrics of one trained model.

    Attributes:
        roc_auc, average_precision: of each class against the rest, float64 of shape (classes,).
    """

    scores: ClassScores
    roc_auc: Floats
    average_precision: Floats
    accuracy: float
    top: float

    def list_averages(self, positive: int | None) -> tuple[float, ...]:
        """Return the values of AVERAGES; NaN for those that the problem does not have.

        Args:
            positive: positive class of a binary problem, whose areas replace their means over the classes with images.
        """
        areas = [np.nan, np.nan, np.nan, *(_average(self, area) for area in (self.roc_auc, self.average_precision))]
        if positive is not None:
            scores = self.scores
            areas = [
                float(values[positive])
                for values in (scores.precision, scores.recall, scores.f1, self.roc_auc, self.average_precision)
            ]
        return (
            self.accuracy, self.scores.balanced_accuracy, *self.scores.average(), *self.scores.average(weighted=True),
            *areas, self.top,
        )  # fmt: skip


def measure_run(run: Run) -> RunMetrics:
    """Compute the metrics of a run from its test predictions."""
    probs, labels = run.predictions.test_probs, run.predictions.test_labels
    classes = probs.shape[1]
    predicted, scores = compute_predicted(probs), mask_scores(probs)
    if not has_probabilities(run):
        unknown = np.full(classes, np.nan)
        accuracy = float((predicted == labels).mean())
        return RunMetrics(compute_scores(labels, predicted, classes), unknown, unknown, accuracy, np.nan)
    counts = [count_thresholds(labels == label, scores[:, label]) for label in range(classes)]
    return RunMetrics(
        compute_scores(labels, predicted, classes),
        np.array([count.roc_auc for count in counts]),
        np.array([count.average_precision for count in counts]),
        float((predicted == labels).mean()),
        compute_top(labels, probs) if classes >= MIN_CLASSES_OF_TOP else np.nan,
    )


def compute_class_metrics(comparison: Comparison) -> pd.DataFrame:
    """Return one row per head and class: columns head, label, images, seeds and, for each of CLASS_METRICS, its mean
    over the seeds and `<metric>_std` (NaN for one seed).
    """
    frames = []
    for variant in comparison.variants:
        found = [measure_run(run) for run in variant.runs]
        frame = pd.DataFrame({"head": variant.label, "label": np.arange(len(found[0].roc_auc))})
        frame["images"], frame["seeds"] = found[0].scores.images, len(found)
        for metric in CLASS_METRICS:
            of = [one if metric in AREAS else one.scores for one in found]
            frame[metric], frame[f"{metric}_std"] = _combine([getattr(one, metric) for one in of])
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def compute_averages(comparison: Comparison) -> pd.DataFrame:
    """Return one row per head: columns head, seeds and, for each of AVERAGES, its mean over the seeds and
    `<average>_std` (NaN for one seed); `<average>_low` and `<average>_high` for each of INTERVALS.

    These are the bounds of the 95% confidence interval over images and seeds (NaN for one seed).

    Averages that the problem does not have are NaN: those of a positive class if it is not binary, and the top-5
    accuracy of fewer than 10 classes.
    """
    positive = find_positive(comparison)
    rows = []
    for variant in comparison.variants:
        mean, std = _combine([np.array(measure_run(run).list_averages(positive)) for run in variant.runs])
        values = dict(zip(AVERAGES, mean.tolist(), strict=True))
        spreads = {f"{name}_std": value for name, value in zip(AVERAGES, std.tolist(), strict=True)}
        rows.append({"head": variant.label, "seeds": len(variant.runs), **values, **spreads, **_list_bounds(variant)})
    return pd.DataFrame(rows)


def _list_bounds(variant: Variant) -> dict[str, float]:
    correct, labels = stack_correct(variant), variant.first.predictions.test_labels
    found = (np.nan,) * 3, (np.nan,) * 3
    if len(correct) > 1:
        found = compute_accuracy_interval(correct), compute_balanced_interval(labels, correct)
    return {
        f"{name}_{side}": value
        for name, (_, *bounds) in zip(INTERVALS, found, strict=True)
        for side, value in zip(("low", "high"), bounds, strict=True)
    }


def choose_class(comparison: Comparison) -> int:
    """Return the positive class, or else the class whose average precision differs most between the heads.

    Of equal ones, as in a comparison of one head, it is the class with the lowest average precision.
    """
    if not comparison.variants:
        return 0
    positive = find_positive(comparison)
    if positive is not None:
        return positive
    frame = compute_class_metrics(comparison)
    area = frame[frame["images"] > 0].groupby("label")["average_precision"]
    ranks = pd.DataFrame({"range": (area.max() - area.min()).round(9), "lowest": area.min()})
    return int(ranks.sort_values(["range", "lowest"], ascending=[False, True], kind="stable").index[0])


def compute_class_curves(comparison: Comparison, label: int, kind: CurveKind) -> pd.DataFrame:
    """Return the curves of one class against the rest: one row per run and point.

    Columns head, seed, x, y, threshold (NaN at the start) and area, of the whole curve. A curve has at most MAX_POINTS
    points: its corners, or if there are more, corners that are evenly spaced along it.
    """
    frames = []
    for variant in comparison.variants:
        for run in variant.runs:
            predictions = run.predictions
            counts = count_thresholds(predictions.test_labels == label, mask_scores(predictions.test_probs)[:, label])
            x, y, threshold = counts.compute_roc() if kind == "roc" else counts.compute_precision_recall()
            points = thin_curve(x, y, MAX_POINTS)
            columns = {
                "x": x[points],
                "y": y[points],
                "threshold": np.where(np.isinf(threshold), np.nan, threshold)[points],
            }
            area = counts.roc_auc if kind == "roc" else counts.average_precision
            frames.append(pd.DataFrame({"head": variant.label, "seed": run.spec.seed, **columns, "area": area}))
    none = pd.DataFrame(columns=["head", "seed", "x", "y", "threshold", "area"])
    return pd.concat(frames, ignore_index=True) if frames else none


def _average(found: RunMetrics, area: Floats) -> float:
    """Return the mean of an area over the classes with images."""
    return float(area[found.scores.images > 0].mean())


def _combine(values: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the mean and the sample standard deviation over the seeds (NaN for one)."""
    stack = np.stack(values)
    return stack.mean(axis=0), stack.std(axis=0, ddof=1) if len(stack) > 1 else np.full(stack.shape[1:], np.nan)
