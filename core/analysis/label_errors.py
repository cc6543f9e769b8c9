"""Likely label errors among the test images, by confident learning on the predictions of all runs."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.store.comparison import Comparison

COLUMNS = ("image", "label", "suggested", "prob_label", "prob_suggested")


def find_label_errors(comparison: Comparison) -> pd.DataFrame:
    """Return the test images whose label is probably wrong, the most probable errors first.

    Probabilities are the mean over all runs. The runs have not been trained on the test images, as the method requires;
    images of the training split cannot be examined in this way.

    Returns:
        Columns image, label, suggested (class), prob_label and prob_suggested (probability of each).
    """
    sound = [run.predictions.test_probs for run in comparison.runs if np.isfinite(run.predictions.test_probs).all()]
    if not sound:  # every training diverged
        return pd.DataFrame({name: np.zeros(0, np.int64 if name in COLUMNS[:3] else np.float64) for name in COLUMNS})
    labels = comparison.first.predictions.test_labels
    probs: NDArray[np.float64] = np.stack(sound).mean(axis=0, dtype=np.float64)
    suggested = suggest_labels(probs, labels)
    images = np.flatnonzero(suggested != labels)
    given, better = probs[images, labels[images]], probs[images, suggested[images]]
    values = images, labels[images], suggested[images], given, better
    frame = pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
    return frame.iloc[np.argsort(given - better, kind="stable")].reset_index(drop=True)


def suggest_labels(probs: NDArray[np.floating], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the confident class of each image, int64 of shape (images,); its label if no class is.

    A class is confident if its probability reaches the mean probability of this class over the images with this label;
    of several, the most probable one counts. Images whose confident class is not their label are the off-diagonal of
    the confident joint.

    Source: Northcutt, Jiang & Chuang 2021, Confident learning: Estimating uncertainty in dataset labels, J. Artif.
    Intell. Res. 70, equations 1 and 2.

    Args:
        probs: of shape (images, classes), from models that were not trained on the images.
    """
    classes = probs.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in np.unique(labels):
        thresholds[label] = probs[labels == label, label].mean()
    confident = np.where(probs >= thresholds, probs, -np.inf)
    found = confident.argmax(axis=1)
    return np.where(np.isfinite(confident.max(axis=1)), found, labels)
