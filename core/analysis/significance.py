"""McNemar's exact test for pairs of runs, with Holm correction."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr

from core.analysis.baseline import list_compared
from core.analysis.correctness import compute_correct, pair_runs
from core.store.comparison import Comparison


def compute_mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    It is the two-sided binomial test with p = 0.5 on the discordant images: those that only one of two models predicts
    correctly. 1 without discordant images.

    Source: McNemar 1947, Psychometrika 12. Worked example: 1 and 9 give 2 · (1 + 10) / 2¹⁰.

    Args:
        only_a: number of images that only model a predicts correctly.
        only_b: number of images that only model b predicts correctly.

    >>> round(compute_mcnemar(1, 9), 6)
    0.021484
    """
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def correct_holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Return p-values adjusted by Holm's step-down method, which controls the family-wise error rate.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6.

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
    """Return one row per compared pair of variants and common seed: McNemar's exact test of their runs.

    Columns a, b, seed, both_correct, only_a, only_b, both_wrong, p, p_holm. Holm's correction is over all rows.
    """
    correct = {run.run_id: compute_correct(run) for run in comparison.runs}
    rows = []
    for a, b in list_compared(comparison):
        for run, other in pair_runs(a, b):
            correct_a, correct_b = correct[run.run_id], correct[other.run_id]
            counts = {
                "both_correct": int((correct_a & correct_b).sum()),
                "only_a": int((correct_a & ~correct_b).sum()),
                "only_b": int((~correct_a & correct_b).sum()),
                "both_wrong": int((~correct_a & ~correct_b).sum()),
            }
            p = compute_mcnemar(counts["only_a"], counts["only_b"])
            rows.append({"a": a.label, "b": b.label, "seed": run.spec.seed, **counts, "p": p})
    columns = ["a", "b", "seed", "both_correct", "only_a", "only_b", "both_wrong", "p"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(p_holm=correct_holm(frame["p"].tolist()))
