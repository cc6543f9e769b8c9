"""Runs with given predictions."""

import numpy as np

from core.store.run import Run
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

LABELS = np.arange(1_000) % 10


def with_predictions(make_run: RunWriter, head: str, predictions: np.ndarray, seed: int = 0) -> Run:
    return rewrite(make_run(head=head, seed=seed), labels=LABELS[: len(predictions)], predictions=predictions)


def wrong_at(indices: range | list[int] | np.ndarray, images: int = len(LABELS)) -> np.ndarray:
    """Return the true classes with wrong predictions for the given images."""
    predictions = LABELS[:images].copy()
    predictions[list(indices)] = (predictions[list(indices)] + 1) % 10
    return predictions
