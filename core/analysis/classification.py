"""Classification metrics of one trained model, with the definitions and conventions of scikit-learn.

They are computed with NumPy because importing scikit-learn takes longer than a command may; the tests compare both.
A class that is never predicted has precision 0, a class without images has recall 0 (`zero_division=0`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.store.metrics import NO_PREDICTION

TOP = 5
MIN_CLASSES_OF_TOP = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of each class, float64 of shape (classes,), and its number of images.

    Attributes:
        used: classes that are the label or the prediction of an image; as in scikit-learn, averages use only these.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    images: NDArray[np.int64]
    used: NDArray[np.bool_]

    def average(self, *, weighted: bool = False) -> tuple[float, float, float]:
        """Return the mean precision, recall and F1, optionally weighted by the number of images of each class."""
        weights = self.images if weighted else self.used
        precision, recall, f1 = (
            float(np.average(values, weights=weights)) for values in (self.precision, self.recall, self.f1)
        )
        return precision, recall, f1

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes with images."""
        return float(self.recall[self.images > 0].mean())


def compute_scores(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> ClassScores:
    """Return the metrics of each class. NO_PREDICTION counts as a wrong prediction.

    Args:
        labels, predicted: of shape (images,).
    """
    images = np.bincount(labels, minlength=classes)
    correct = np.bincount(labels[labels == predicted], minlength=classes)
    taken = np.bincount(predicted[predicted != NO_PREDICTION], minlength=classes)
    return ClassScores(
        _divide(correct, taken), _divide(correct, images), _divide(2 * correct, taken + images), images,
        (images > 0) | (taken > 0),
    )  # fmt: skip


def compute_top(labels: NDArray[np.int64], probs: NDArray[np.float32], top: int = TOP) -> float:
    """Return the share of images whose label is among the `top` most probable classes.

    Of equally probable classes the last ones come first, as in scikit-learn. An image without finite probabilities
    counts as wrong.

    Args:
        probs: of shape (images, classes).
    """
    finite = np.asarray(np.isfinite(probs).all(axis=1, keepdims=True))
    order = np.argsort(np.where(finite, probs, 0.0), axis=1, kind="stable")[:, : -top - 1 : -1]
    return float(((order == labels[:, None]).any(axis=1) & finite.ravel()).mean())


@dataclass(frozen=True)
class ThresholdCounts:
    """True and false positives at each distinct score, from the highest to the lowest: float64 of shape (scores,)."""

    tps: Floats
    fps: Floats
    scores: Floats

    def compute_roc(self) -> tuple[Floats, Floats, Floats]:
        """Return false positive rates, true positive rates and thresholds, from (0, 0) at an infinite threshold.

        A rate is NaN if there are no images of its kind.
        """
        tps, fps = _start(0, self.tps), _start(0, self.fps)
        return fps / (fps[-1] or np.nan), tps / (tps[-1] or np.nan), _start(np.inf, self.scores)

    def compute_precision_recall(self) -> tuple[Floats, Floats, Floats]:
        """Return recalls, precisions and thresholds, from recall 0 with precision 1 at an infinite threshold.

        Without positive images every recall but the first is 1.
        """
        recall = self.tps / self.tps[-1] if self.tps[-1] else np.ones_like(self.tps)
        precision = self.tps / (self.tps + self.fps)
        return _start(0, recall), _start(1, precision), _start(np.inf, self.scores)

    @property
    def roc_auc(self) -> float:
        """Area under the ROC curve; NaN without positive or without negative images."""
        rate, recall, _ = self.compute_roc()
        return float(np.trapezoid(recall, rate))

    @property
    def average_precision(self) -> float:
        """Area under the precision-recall curve as a sum of steps, without interpolation; 0 without positive images."""
        recall, precision, _ = self.compute_precision_recall()
        return float(np.sum(np.diff(recall) * precision[1:]))


def count_thresholds(positive: NDArray[np.bool_], scores: NDArray[np.float32]) -> ThresholdCounts:
    """Count the positives at each threshold. Scores that are not finite rank last.

    Args:
        positive: whether each image belongs to the class, of shape (images,).
        scores: probability of the class, of shape (images,).
    """
    scores = np.where(np.isfinite(scores), scores, -1.0).astype(np.float64)
    order = np.argsort(-scores, kind="stable")
    scores, positive = scores[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # of equal scores
    tps = np.cumsum(positive, dtype=np.float64)[last]
    return ThresholdCounts(tps, 1 + last - tps, scores[last])


def mask_scores(probs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities with NaN for all classes of an image without a prediction."""
    return np.where(np.isfinite(probs).all(axis=1, keepdims=True), probs, np.float32(np.nan))


def thin_curve(x: Floats, y: Floats, most: int) -> NDArray[np.int64]:
    """Return the indices of at most `most` points that show the curve: corners, evenly spaced along its length."""
    corners = np.flatnonzero(np.concatenate([[True], _is_corner(x, y), [True]]))
    if len(corners) <= most:
        return corners
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x[corners])) + np.abs(np.diff(y[corners])))])
    return corners[np.unique(np.searchsorted(length, np.linspace(0, length[-1], most)).clip(max=len(corners) - 1))]


def _is_corner(x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Return whether each inner point is off the line between its neighbors, of shape (points − 2,)."""
    dx, dy = np.diff(x), np.diff(y)
    return np.abs(dx[:-1] * dy[1:] - dx[1:] * dy[:-1]) > 1e-15


def _start(first: float, values: Floats) -> Floats:
    return np.concatenate([[float(first)], values])


def _divide(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Floats:
    return part / np.maximum(whole, 1)
