"""Whether a training lost its way for good."""

import numpy as np

from core.analysis.check import Result, check
from core.store.comparison import Comparison
from core.store.run import Run


@check(code="H14", title="Diverged training", severity="serious")
def diverged(comparison: Comparison) -> Result:
    """**Asked:** is every loss and every probability a number?

    **Why it matters:** when the weights of a training grow beyond all bounds, its losses and probabilities stop being
    numbers. An image without a probability has no guess and counts as wrong; calibration leaves it out. The accuracy
    of such a run says nothing about its head.

    **What to do:** train again with a smaller learning rate.
    """
    told = [
        f"{variant.label} with seed {run.spec.seed} ({what})"
        for variant in comparison.variants
        for run in variant.runs
        if (what := _describe(run))
    ]
    if told:
        return Result("failed", f"Not every loss or probability is a number: {'; '.join(told)}.")
    return Result("passed", "Every loss and every probability is a number.")


def _describe(run: Run) -> str:
    lost = int((~np.isfinite(run.predictions.test_probs)).any(axis=1).sum())
    if lost:
        return f"{lost:,} of {run.record.data.test_images:,} test images"
    epochs = int(run.history[["loss", "val_loss"]].isna().any(axis=1).sum())
    if epochs:
        return f"{epochs:,} of {len(run.history):,} epochs"
    return "test loss" if run.record.metrics.test_loss is None else ""
