"""Whether a class was lost to a ReLU that lets nothing through."""

import numpy as np

from core.analysis.check import Result, check
from core.architecture.layers import Conv, Dense
from core.store.comparison import Comparison
from core.store.run import Run

_SAME = 1 + 1e-6  # probabilities that differ by rounding alone


@check(code="H09", title="Dead class maps", severity="warning")
def dead_class(comparison: Comparison) -> Result:
    """**Asked:** in heads whose class scores pass a ReLU, is there a class that no test image gives a higher
    probability than any other class? Its map is then zero everywhere, for every image.

    **Why it matters:** a ReLU passes no gradient where its input is negative. A class whose scores once are negative
    for all images gets no signal any more and is never recognised again. The published GAP head has this ReLU, so a
    seed of it can lose a whole class: not because it has few parameters, but because of how they are wired.

    **What to do:** look at that seed's confusion matrix, and set the head «GAP, linear maps» beside it, which is the
    same without the ReLU.
    """
    asked = [(variant, run) for variant in comparison.variants for run in variant.runs if _may_die(run)]
    if not asked:
        return Result("not applicable", "No head passes its class scores through a ReLU.")
    names = comparison.first.record.data.classes
    told = []
    for variant, run in asked:
        if dead := find_dead(run):
            few = ", ".join(names[label] for label in dead[:3])
            more = f" and {len(dead) - 3} more" if len(dead) > 3 else ""
            told.append(f"{variant.label} with seed {run.spec.seed} has lost {few}{more}")
    if told:
        return Result("failed", f"A ReLU is shut for whole classes: {'; '.join(told)}.")
    heads = ", ".join(dict.fromkeys(variant.label for variant, _ in asked))
    return Result("passed", f"Every class map of {heads} answers to some image.")


def _may_die(run: Run) -> bool:
    weighted = [layer for layer in run.model.layers if isinstance(layer, Conv | Dense)]
    return weighted[-1].activation == "relu"


def find_dead(run: Run) -> list[int]:
    """The classes whose probability is the lowest of all on every test image."""
    probs = run.predictions.test_probs
    probs = probs[np.isfinite(probs).all(axis=1)]
    if not len(probs):
        return []
    lowest = probs.min(axis=1, keepdims=True)
    dead = (probs <= lowest * _SAME).all(axis=0)
    return np.flatnonzero(dead).tolist()
