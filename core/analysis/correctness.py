"""Whether the predictions of a run are correct, and pairs of runs."""

import numpy as np
from numpy.typing import NDArray

from core.store.comparison import Variant
from core.store.metrics import compute_predicted
from core.store.run import Run


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
