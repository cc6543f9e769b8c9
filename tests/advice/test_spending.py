"""Significance levels of several analyses and several finalists."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from core.advice.spending import MAX_ANALYSES, compute_analysis_level, compute_levels, correct_shaffer, list_step_levels
from core.analysis.significance import correct_holm


def test_boundaries_equal_the_published_ones() -> None:
    """Five analyses, one-sided 0.025: the table of Lan & DeMets as computed by the program of Reboussin et al. 2000."""
    times = np.arange(1, 6) / 5
    brien_fleming = 2 * ndtr(ndtri(0.025 / 2) / np.sqrt(times))
    pocock = 0.025 * np.log(1 + (np.e - 1) * times)
    assert -ndtri(compute_levels(brien_fleming)) == pytest.approx([4.8769, 3.3570, 2.6803, 2.2898, 2.0310], abs=1e-4)
    assert -ndtri(compute_levels(pocock)) == pytest.approx([2.4380, 2.4268, 2.4102, 2.3966, 2.3860], abs=1e-4)


def test_all_analyses_together_have_the_level_alpha() -> None:
    sums = np.random.default_rng(0).standard_normal((200_000, 4)).cumsum(axis=1)
    levels = [compute_analysis_level(analysis, 4) for analysis in (1, 2, 3, 4)]
    crossed = sums / np.sqrt([1, 2, 3, 4]) > -ndtri(levels)
    assert crossed.any(axis=1).mean() == pytest.approx(0.05, abs=0.002)
    assert crossed[:, :2].any(axis=1).mean() == pytest.approx(0.05 / 4, abs=0.001)


def test_levels_grow_to_at_most_alpha_for_any_number_of_analyses() -> None:
    for analyses in (1, 2, 5, 20, MAX_ANALYSES):
        levels = [compute_analysis_level(analysis, analyses, 0.05) for analysis in range(1, analyses + 1)]
        assert levels == sorted(levels)
        assert levels[0] > 0
        assert levels[-1] <= 0.05
    assert compute_analysis_level(1, 1, 0.03) == pytest.approx(0.03)
    for analysis, analyses, alpha in (
        (0, 3, 0.05),
        (4, 3, 0.05),
        (1, MAX_ANALYSES + 1, 0.05),
        (1, 1, 0.0),
        (1, 1, 0.5),
    ):
        with pytest.raises(ValueError, match="Expected"):
            compute_analysis_level(analysis, analyses, alpha)


def test_adjusted_p_values_and_levels_of_steps_agree() -> None:
    rng = np.random.default_rng(0)
    for most in (1, 2, 5):
        for _ in range(50):
            p_values = rng.random(5) ** 4
            rejected = correct_shaffer(p_values.tolist(), most) <= 0.05
            levels = np.array(list_step_levels(p_values.tolist(), most, 0.05))
            assert (rejected == (p_values <= levels)).all()
    assert correct_shaffer([0.01, 0.04, 0.03, 0.005], 4).tolist() == correct_holm([0.01, 0.04, 0.03, 0.005]).tolist()
    assert correct_shaffer([0.01, 0.04, 0.03], 2).round(3).tolist() == [0.02, 0.06, 0.06]
