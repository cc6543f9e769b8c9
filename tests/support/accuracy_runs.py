"""Runs with given accuracies."""

from typing import Any

import numpy as np

from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

_ACCURACIES = "test_accuracy", "validation_accuracy"
LABELS = np.arange(2_000) % 10


def with_accuracy(run: Run, accuracy: float) -> Run:
    """Return the run as if it had 2,000 test images and predicted the first of them wrong."""
    wrong = round((1 - accuracy) * len(LABELS))
    predictions = np.where(np.arange(len(LABELS)) < wrong, (LABELS + 1) % 10, LABELS)
    return rewrite(
        run,
        labels=LABELS,
        predictions=predictions,
        metrics=dict.fromkeys(_ACCURACIES, accuracy),
    )


def compare(make_run: RunWriter, gap: dict[int, float], dense: dict[int, float] | None = None, **settings: Any) -> Any:
    """Compare GAP at these accuracies, by seed, with Flatten + Dense."""
    values = {"gap": gap, "dense": dense or {}}
    return Comparison.of(
        with_accuracy(make_run(head=head, seed=seed, **settings), value)
        for head, seeds in values.items()
        for seed, value in seeds.items()
    )
