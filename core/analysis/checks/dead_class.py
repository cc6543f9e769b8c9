"""Check for dead ReLUs: classes whose score is zero for every test image."""

import numpy as np

from core.analysis.check import MAX_NAMES, Result, check
from core.architecture.layers import Conv, Dense
from core.plural import format_plural
from core.store.comparison import Comparison
from core.store.run import Run

_TOLERANCE = 1 + 1e-6  # for rounding errors of equal probabilities


@check(code="H09", title="Dead ReLU", severity="warning")
def dead_class(comparison: Comparison) -> Result:
    """**Check:** in heads that apply a ReLU to their class scores, each class has a higher probability than another
    class for at least one test image. Otherwise its class map is zero for every image.

    **Why it matters:** the gradient of a ReLU is zero for negative inputs. A class whose scores are negative for all
    images receives no gradient and is never predicted again (dead ReLU). The published GAP head has this ReLU, so a
    seed can lose a whole class. The cause is the ReLU, not the small number of parameters.

    **What to do:** read the confusion matrix of this seed, and compare with the head "GAP (linear maps)", which is the
    same head without the ReLU.
    """
    rectified = [(variant, run) for variant in comparison.variants for run in variant.runs if _has_output_relu(run)]
    if not rectified:
        return Result("not applicable", "No head applies a ReLU to its class scores.")
    names = comparison.first.record.data.classes
    affected = []
    for variant, run in rectified:
        if dead := find_dead(run):
            listed = ", ".join(f'"{names[label]}"' for label in dead[:3])
            more = f" and {len(dead) - 3} more" if len(dead) > 3 else ""
            noun = "class" if len(dead) == 1 else "classes"
            affected.append(f"{variant.label} (seed {run.spec.seed}) never activates for {noun} {listed}{more}")
    if affected:
        more = f" and {format_plural(len(affected) - MAX_NAMES, 'more run')}" if len(affected) > MAX_NAMES else ""
        listed = "; ".join(affected[:MAX_NAMES]) + more
        return Result("failed", f"Dead ReLU: {listed}. Compare with the head GAP (linear maps).")
    heads = ", ".join(dict.fromkeys(variant.label for variant, _ in rectified))
    return Result("passed", f"Every class map of {heads} activates for at least one test image.")


def _has_output_relu(run: Run) -> bool:
    if run.spec.elsewhere:
        return False
    weighted = [layer for layer in run.model.layers if isinstance(layer, Conv | Dense)]
    return weighted[-1].activation == "relu"


def find_dead(run: Run) -> list[int]:
    """Return the classes that have the lowest probability of all classes for every test image."""
    probs = run.predictions.test_probs
    probs = probs[np.isfinite(probs).all(axis=1)]
    if not len(probs):
        return []
    lowest = probs.min(axis=1, keepdims=True)
    dead = (probs <= lowest * _TOLERANCE).all(axis=0)
    return np.flatnonzero(dead).tolist()
