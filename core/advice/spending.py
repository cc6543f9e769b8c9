"""Significance levels of repeated analyses of growing data (alpha spending), and of several finalists (Shaffer).

The finalists are tested whenever they have one more seed, and the first result counts. All analyses together have the
level α: analysis i of n may spend α·(i/n)² in total, the power family of Kim & DeMets with ρ = 2. Early analyses, with
few degrees of freedom, are strict, and the level of the last is not far from α.

The levels are exact for normal statistics whose information grows by the same amount per analysis. The test images are
always the same, so the statistics of a race are correlated more strongly than that, and by Slepian's inequality the
levels are then too small rather than too large. They apply to t statistics by their p-values (Jennison & Turnbull).

Sources: Lan & DeMets 1983, Discrete sequential boundaries for clinical trials, Biometrika 70; Kim & DeMets 1987, Design
and analysis of group sequential tests based on the type I error spending rate function, Biometrika 74; Armitage,
McPherson & Rowe 1969, Repeated significance tests on accumulating data, J. R. Stat. Soc. A 132; Jennison & Turnbull
2000, Group Sequential Methods with Applications to Clinical Trials, section 4.4; Slepian 1962, Bell Syst. Tech. J. 41;
Shaffer 1986, Modified sequentially rejective multiple test procedures, J. Am. Stat. Assoc. 81.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from core.root import find_root

Values = NDArray[np.float64]
MAX_ANALYSES = 50
_RHO = 2.0
_LOWEST = -8.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)


def compute_analysis_level(analysis: int, analyses: int, alpha: float = 0.05) -> float:
    """Return the one-sided significance level of an analysis such that all together have the level `alpha`.

    Args:
        analysis: its number, from 1 to `analyses`.

    Raises:
        ValueError: when a value is out of its range.

    >>> [round(compute_analysis_level(number, 4), 4) for number in (1, 2, 3, 4)]
    [0.0031, 0.0107, 0.0222, 0.0384]
    """
    if not 1 <= analysis <= analyses <= MAX_ANALYSES:
        raise ValueError(f"Expected analysis 1 to n of n ≤ {MAX_ANALYSES}; got {analysis} of {analyses}.")
    if not 0 < alpha < 0.5:
        raise ValueError(f"Expected alpha above 0 and below 0.5; got {alpha:g}.")
    return alpha if analyses == 1 else _compute_levels(analyses, alpha)[analysis - 1]


@lru_cache(maxsize=64)
def _compute_levels(analyses: int, alpha: float) -> tuple[float, ...]:
    return compute_levels([alpha * (number / analyses) ** _RHO for number in range(1, analyses + 1)])


def compute_levels(spent: Sequence[float]) -> tuple[float, ...]:
    """Return the one-sided significance level of each analysis, given the cumulative probability of a false rejection.

    The statistic is the sum of independent normal increments, one per analysis. Its density below the boundaries so far
    is carried from one to the next by Gauss–Legendre quadrature.
    """
    step = 1 / len(spent)
    bound = float(ndtri(1 - spent[0]) * np.sqrt(step))
    bounds = [bound]
    nodes, weights = _scale_nodes(bound)
    density = weights * _normal_density(nodes, step)
    for before, now in pairwise(spent):
        excess = partial(_compute_excess, density=density, nodes=nodes, step=step, wanted=now - before)
        bound = find_root(excess, _LOWEST, -_LOWEST, 1e-12)
        bounds.append(bound)
        new, weights = _scale_nodes(bound)
        nodes, density = new, weights * (_normal_density(new[:, None] - nodes, step) @ density)
    return tuple(float(ndtr(-one / np.sqrt(step * number))) for number, one in enumerate(bounds, 1))


def _compute_excess(bound: float, density: Values, nodes: Values, step: float, wanted: float) -> float:
    """Return the probability to cross `bound` at this analysis, less the wanted one."""
    return float(density @ ndtr((nodes - bound) / np.sqrt(step))) - wanted


def _scale_nodes(bound: float) -> tuple[Values, Values]:
    half = (bound - _LOWEST) / 2
    return half * _NODES + (bound + _LOWEST) / 2, half * _WEIGHTS


def _normal_density(values: Values, variance: float) -> Values:
    density: Values = np.exp(-(values**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    return density


def correct_shaffer(p_values: Sequence[float], most: int) -> Values:
    """Return p-values adjusted by Holm's method if at most `most` of the hypotheses can be true together.

    >>> correct_shaffer([0.01, 0.04, 0.03], 2).round(3).tolist()
    [0.02, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    counts = np.minimum(np.arange(len(values), 0, -1), most)
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(np.maximum.accumulate(values[order] * counts), 1.0)
    return corrected


def list_step_levels(p_values: Sequence[float], most: int, level: float) -> list[float]:
    """Return the level at which `correct_shaffer` tests each hypothesis; the first kept one sets it for the rest.

    >>> list_step_levels([0.01, 0.05, 0.04], 2, 0.06)
    [0.03, 0.03, 0.03]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    steps = level / np.minimum(np.arange(len(values), 0, -1), most)
    kept = values[order] > steps
    first = int(np.argmax(kept)) if kept.any() else len(values)
    steps[first + 1 :] = steps[min(first, len(values) - 1)]
    levels = np.empty_like(values)
    levels[order] = steps
    return [float(one) for one in levels]
