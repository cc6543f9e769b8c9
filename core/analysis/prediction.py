"""Predictions of the heads for each test image, selection of images, and confusion matrices."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import ComparisonError
from core.spec import DATASETS
from core.store.comparison import Comparison
from core.store.elsewhere import has_probabilities
from core.store.metrics import NO_PREDICTION, compute_predicted
from core.store.run import Run

Show = Literal["all", "wrong", "only one wrong", "only one correct"]
Agreement = Literal["any", "same prediction", "different predictions"]
Order = Literal["dataset order", "most confident first", "least confident first"]


def select_seed_runs(comparison: Comparison, seed: int | None = None) -> dict[str, Run]:
    """Return one run per variant: the one with `seed`, or the first if it has none."""
    selected = {}
    for variant in comparison.variants:
        same = [run for run in variant.runs if run.spec.seed == seed]
        selected[variant.label] = same[0] if same else variant.first
    return selected


def find_positive(comparison: Comparison) -> int | None:
    """Return the positive class of a binary problem, otherwise None.

    For a binary problem, pages show the probability of the positive class, not that of the prediction.
    """
    spec = comparison.first.spec
    return 1 if spec.loss == "binary" or "attribute" in DATASETS[spec.dataset].uses else None


def compute_predictions(comparison: Comparison, seed: int | None = None) -> pd.DataFrame:
    """Return one row per image and variant.

    Columns image, head, label (true class), predicted, prob (of the prediction), prob_label (of the true class),
    correct, shown (the positive class of a binary problem, otherwise the prediction) and prob_shown (its probability).
    `predicted` is NO_PREDICTION and `prob` NaN if the probabilities are not finite. All probabilities of a run with
    predicted classes only are NaN.
    """
    frames = []
    positive = find_positive(comparison)
    for head, run in select_seed_runs(comparison, seed).items():
        probs, labels = run.predictions.test_probs, run.predictions.test_labels
        predicted = compute_predicted(probs)
        if not has_probabilities(run):
            probs = np.full_like(probs, np.nan)
        rows = np.arange(len(labels))
        shown = predicted if positive is None else np.full_like(predicted, positive)
        frames.append(
            pd.DataFrame(
                {
                    "image": rows,
                    "head": head,
                    "label": labels,
                    "predicted": predicted,
                    "prob": np.where(predicted == NO_PREDICTION, np.nan, probs[rows, predicted]).astype(np.float64),
                    "prob_label": probs[rows, labels].astype(np.float64),
                    "correct": predicted == labels,
                    "shown": shown,
                    "prob_shown": np.where(shown == NO_PREDICTION, np.nan, probs[rows, shown]).astype(np.float64),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class ImageFilter:
    """Conditions that a test image must meet.

    Attributes:
        show: "wrong" selects images that any head predicts wrongly, "only one wrong" and "only one correct" images
            that exactly one head predicts wrongly or correctly.
        label: true class; None for all.
        predicted: class that the head predicts; None for all.
        head: label of the variant that predicts this class with this confidence; None for at least one of the variants.
        least, most: bounds of the confidence of that prediction, from 0 to 1; both are included.
        agreement: whether all heads predict the same class.
    """

    show: Show = "all"
    label: int | None = None
    predicted: int | None = None
    head: str | None = None
    least: float = 0.0
    most: float = 1.0
    agreement: Agreement = "any"

    def match(self, predictions: pd.DataFrame) -> NDArray[np.bool_]:
        """Return whether each image meets the conditions, in the order of the image indices.

        Args:
            predictions: columns image, head, label, predicted, prob and correct, as of `compute_predictions`.
        """
        _, first, index, heads = np.unique(
            predictions["image"].to_numpy(), return_index=True, return_inverse=True, return_counts=True
        )
        correct = np.bincount(index, predictions["correct"])
        wrong = heads - correct
        keep: NDArray[np.bool_] = {
            "all": wrong >= 0,
            "wrong": wrong > 0,
            "only one wrong": wrong == 1,
            "only one correct": (correct == 1) & (heads > 1),
        }[self.show]
        predicted = predictions["predicted"].to_numpy()
        if self.label is not None:
            keep = keep & (predictions["label"].to_numpy()[first] == self.label)
        if self.agreement != "any":
            same = np.bincount(index, predicted == predicted[first][index]) == heads
            keep = keep & (same if self.agreement == "same prediction" else ~same)
        if (self.predicted, self.head, self.least, self.most) == (None, None, 0.0, 1.0):
            return keep
        matching = np.ones(len(predicted), bool) if self.head is None else (predictions["head"] == self.head).to_numpy()
        if (self.least, self.most) != (0.0, 1.0):  # otherwise images without a prediction are included
            matching = matching & predictions["prob"].between(self.least, self.most).to_numpy()
        if self.predicted is not None:
            matching = matching & (predicted == self.predicted)
        return keep & (np.bincount(index, matching) > 0)


def select_images(
    predictions: pd.DataFrame, chosen: ImageFilter = ImageFilter(), order: Order = "dataset order"
) -> NDArray[np.int64]:
    """Return the indices of the test images that match a filter.

    Args:
        order: images are ordered by confidence: the mean over the heads with probabilities of that of their prediction.
    """
    if predictions.empty:
        raise ComparisonError("Expected predictions of at least one test image; got 0.")
    images, index = np.unique(predictions["image"].to_numpy(), return_inverse=True)
    keep = chosen.match(predictions)
    selected = images[keep].astype(np.int64)
    if order == "dataset order":
        return selected
    known = predictions.groupby("head")["prob"].transform("count").to_numpy() > 0
    probs = np.bincount(index[known], predictions["prob"][known], len(images))
    confidence = (probs / np.maximum(np.bincount(index[known], minlength=len(images)), 1))[keep]
    return selected[np.argsort(confidence if order == "least confident first" else -confidence, kind="stable")]


def compute_confusion(comparison: Comparison, seed: int | None = None) -> pd.DataFrame:
    """Return confusion matrices: columns head, label, predicted, images (mean over seeds), share (of the true class).

    Images without a prediction are not counted. With `seed`, one run per head is used (see `select_seed_runs`).
    """
    chosen = {} if seed is None else select_seed_runs(comparison, seed)
    classes = len(comparison.first.record.data.classes)
    frames = []
    for variant in comparison.variants:
        total, images = np.zeros((classes, classes)), np.zeros(classes)
        runs = [chosen[variant.label]] if chosen else variant.runs
        for run in runs:
            predicted, labels = compute_predicted(run.predictions.test_probs), run.predictions.test_labels
            cells = (labels * classes + predicted)[predicted != NO_PREDICTION]
            total += np.bincount(cells, minlength=classes**2).reshape(classes, classes)
            images += np.bincount(labels, minlength=classes)
        counts = total / len(runs)
        share = total / np.maximum(images, 1)[:, None]
        label, predicted = np.indices((classes, classes))
        columns = {"label": label, "predicted": predicted, "images": counts, "share": share}
        frames.append(pd.DataFrame({name: array.ravel() for name, array in columns.items()}).assign(head=variant.label))
    return pd.concat(frames, ignore_index=True)
