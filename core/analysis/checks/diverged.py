"""Check that no run diverged."""

import numpy as np

from core.analysis.check import Result, check
from core.store.comparison import Comparison
from core.store.run import Run


@check(code="H14", title="Training diverged", severity="serious")
def diverged(comparison: Comparison) -> Result:
    """**Check:** all losses and probabilities are finite (no NaN).

    **Why it matters:** if the weights grow without bound, losses and probabilities become NaN. An image with a NaN
    probability has no prediction, counts as wrong and is excluded from calibration. The accuracy of a diverged run
    does not measure the quality of its head.

    **What to do:** train again with a lower learning rate.
    """
    affected = [
        f"{variant.label} with seed {run.spec.seed} ({extent})"
        for variant in comparison.variants
        for run in variant.runs
        if (extent := _describe_extent(run))
    ]
    if affected:
        listed = "; ".join(affected)
        return Result("failed", f"Losses or probabilities are NaN: {listed}. Train again with a lower learning rate.")
    return Result("passed", "All losses and probabilities are finite.")


def _describe_extent(run: Run) -> str:
    images = int((~np.isfinite(run.predictions.test_probs)).any(axis=1).sum())
    if images:
        return f"{images:,} of {run.record.data.test_images:,} test images"
    epochs = int(run.history[["loss", "val_loss"]].isna().any(axis=1).sum())
    if epochs:
        return f"{epochs:,} of {len(run.history):,} epochs"
    return "test loss" if run.record.metrics.test_loss is None else ""
