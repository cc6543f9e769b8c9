"""Whether two trained models differ by more than chance on the images where exactly one is right."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr

from core.analysis.correctness import compute_correct, pair_runs
from core.store.comparison import Comparison


def compute_mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p-value of McNemar's exact test: how often a fair coin, thrown once for each image on which only one
    model is right, falls at least as unevenly. 1 without such an image.

    Source: McNemar 1947, Psychometrika 12; the exact form is the binomial test with one half. Worked by hand: 1
    against 9 is 2 · (1 + 10) / 2¹⁰.

    >>> round(compute_mcnemar(1, 9), 6)
    0.021484
    """
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def correct_holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Holm's step-down correction, in the order given: the chance of one false alarm among all stays below the level.

    Source: Holm 1979, Scand. J. Stat. 6.

    >>> correct_holm([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def compute_significance(comparison: Comparison) -> pd.DataFrame:
    """One row a pair of heads and seed that both have: a, b, seed, both_correct, only_a, only_b, both_wrong, p, p_holm.

    Holm's correction is over the pairs of heads of one seed; with two heads there is nothing to correct.
    """
    right = {run.run_id: compute_correct(run) for run in comparison.runs}
    rows = []
    for a, b in combinations(comparison.variants, 2):
        for run, other in pair_runs(a, b):
            mine, theirs = right[run.run_id], right[other.run_id]
            counts = {
                "both_correct": int((mine & theirs).sum()),
                "only_a": int((mine & ~theirs).sum()),
                "only_b": int((~mine & theirs).sum()),
                "both_wrong": int((~mine & ~theirs).sum()),
            }
            p = compute_mcnemar(counts["only_a"], counts["only_b"])
            rows.append({"a": a.label, "b": b.label, "seed": run.spec.seed, **counts, "p": p})
    columns = ["a", "b", "seed", "both_correct", "only_a", "only_b", "both_wrong", "p"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["p_holm"] = frame.groupby("seed")["p"].transform(lambda group: correct_holm(group.tolist()))
    return frame
