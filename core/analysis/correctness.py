"""Predicted classes of a run, and whether they are correct."""

import numpy as np
from numpy.typing import NDArray

from core.store.comparison import Variant
from core.store.run import Run

NO_PREDICTION = -1


def compute_predicted(probs: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the most probable class of each image, int64 of shape (images,).

    An image with a non-finite probability, which a diverged run produces, gets NO_PREDICTION and counts as wrong.
    Ties go to the first class.

    Args:
        probs: of shape (images, classes).
    """
    predicted = probs.argmax(axis=1)  # the index of the NaN, if any
    highest = probs[np.arange(len(probs)), predicted]
    return np.where(np.isfinite(highest), predicted, NO_PREDICTION)


def compute_correct(run: Run) -> NDArray[np.bool_]:
    """Return whether each test image is predicted correctly, bool of shape (images,)."""
    return compute_predicted(run.predictions.test_probs) == run.predictions.test_labels


def stack_correct(variant: Variant) -> NDArray[np.bool_]:
    """Return whether each prediction of a head is correct, bool of shape (seeds, images)."""
    return np.stack([compute_correct(run) for run in variant.runs])


def pair_runs(a: Variant, b: Variant) -> list[tuple[Run, Run]]:
    """Return the pairs of runs with the same seed, in the order of `a`."""
    others = {run.spec.seed: run for run in b.runs}
    return [(run, others[run.spec.seed]) for run in a.runs if run.spec.seed in others]
