"""Balance of the classes of a test set, and the balanced accuracy of the heads."""

import numpy as np

from core.analysis.classification import compute_scores
from core.analysis.seed_mean import SeedMean
from core.analysis.summary import compute_seed_mean
from core.store.comparison import Comparison, Variant
from core.store.metrics import compute_predicted

IMBALANCED = 1.25
"""A test set is imbalanced if its most frequent class is at least this many times as frequent as in a balanced one."""


def is_imbalanced(majority: float, classes: int) -> bool:
    """Return whether the share of the most frequent class makes a test set imbalanced.

    >>> is_imbalanced(0.1, 10), is_imbalanced(0.125, 10), is_imbalanced(0.6, 2), is_imbalanced(0.7, 2)
    (False, True, False, True)
    """
    return majority * classes >= IMBALANCED


def compute_majority(comparison: Comparison) -> float:
    """Return the share of the most frequent class in the test images."""
    data = comparison.first.record.data
    if data.majority is not None:
        return data.majority
    labels = comparison.first.predictions.test_labels
    return float(np.bincount(labels).max() / len(labels))


def describe_balanced_accuracy(variant: Variant) -> SeedMean:
    """Return the mean over the seeds of the balanced accuracy, the mean recall of the classes."""
    found = []
    for run in variant.runs:
        predicted, classes = compute_predicted(run.predictions.test_probs), len(run.record.data.classes)
        found.append(compute_scores(run.predictions.test_labels, predicted, classes).balanced_accuracy)
    return compute_seed_mean(found)
