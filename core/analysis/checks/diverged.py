"""Check that no run diverged."""

import numpy as np

from core.analysis.check import Result, check
from core.spec import HEADS
from core.store.comparison import Comparison
from core.store.run import Run


@check(code="H14", title="Training diverged", severity="serious")
def diverged(comparison: Comparison) -> Result:
    """**Check:** all losses and probabilities are finite (no NaN), and no job of these variants diverged.

    **Why it matters:** if the weights grow without bound, losses and probabilities become NaN. An image with a NaN
    probability has no prediction, counts as wrong and is excluded from calibration. The accuracy of a diverged run
    does not measure the quality of its head. A job that diverged has no result: the mean of its head is that of the
    other seeds and is too optimistic.

    **What to do:** train again with a lower learning rate.
    """
    affected = [
        f"{variant.label} with seed {run.spec.seed} ({extent})"
        for variant in comparison.variants
        for run in variant.runs
        if (extent := _describe_extent(run))
    ]
    problems = [f"Losses or probabilities are NaN: {'; '.join(affected)}."] if affected else []
    if comparison.diverged:
        problems.append(_describe_diverged(comparison))
    if problems:
        return Result("failed", f"{' '.join(problems)} Train again with a lower learning rate.")
    return Result("passed", "All losses and probabilities are finite.")


def _describe_diverged(comparison: Comparison) -> str:
    seeds: dict[str, list[int]] = {}
    for spec in comparison.diverged:
        seeds.setdefault(HEADS[spec.head].label, []).append(spec.seed)
    listed = "; ".join(
        f"{label} with seed{'' if len(found) == 1 else 's'} {', '.join(map(str, sorted(found)))}"
        for label, found in seeds.items()
    )
    count, total = len(comparison.diverged), len(comparison.diverged) + len(comparison.runs)
    return f"{count} of {total} training runs diverged and have no result: {listed}."


def _describe_extent(run: Run) -> str:
    images = int((~np.isfinite(run.predictions.test_probs)).any(axis=1).sum())
    if images:
        return f"{images:,} of {run.record.data.test_images:,} test images"
    if run.spec.elsewhere:  # it may not have recorded all losses
        return ""
    epochs = int(run.history[["loss", "val_loss"]].isna().any(axis=1).sum())
    if epochs:
        return f"{epochs:,} of {len(run.history):,} epochs"
    return "test loss" if run.record.metrics.test_loss is None else ""
