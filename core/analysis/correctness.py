"""What a run answered on each image: its guess, and whether that was right."""

import numpy as np
from numpy.typing import NDArray

from core.store.comparison import Variant
from core.store.run import Run

NO_PREDICTION = -1


def compute_predicted(probs: NDArray[np.float32]) -> NDArray[np.int64]:
    """The most probable class of each image, int64 of shape (images,), from probabilities of shape (images, classes).

    An image with a probability that is not finite, as a diverged training leaves them, has NO_PREDICTION: it counts as
    wrong. Of equally probable classes the first is the guess.
    """
    predicted = probs.argmax(axis=1)  # the place of the NaN where there is one
    highest = probs[np.arange(len(probs)), predicted]
    return np.where(np.isfinite(highest), predicted, NO_PREDICTION)


def compute_correct(run: Run) -> NDArray[np.bool_]:
    """Whether each test image was recognised, shape (images,)."""
    return compute_predicted(run.predictions.test_probs) == run.predictions.test_labels


def pair_runs(a: Variant, b: Variant) -> list[tuple[Run, Run]]:
    """The runs of the seeds that both have, in the order of the seeds."""
    others = {run.spec.seed: run for run in b.runs}
    return [(run, others[run.spec.seed]) for run in a.runs if run.spec.seed in others]
