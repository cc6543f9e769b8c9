"""McNemar's test with Holm's correction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.analysis.significance import compute_mcnemar, compute_significance, correct_holm
from core.store.comparison import Comparison
from tests.support.predictions import with_predictions, wrong_at
from tests.support.run_writer import RunWriter


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500))
def test_mcnemar_equals_scipys_binomial_test(only_a: int, only_b: int) -> None:
    expected = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert compute_mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_equals_its_definition(p_values: list[float]) -> None:
    found = correct_holm(p_values)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    running = 0.0
    for step, i in enumerate(order):
        running = max(running, (len(p_values) - step) * p_values[i])
        assert found[i] == pytest.approx(min(running, 1.0))
    assert (found >= np.array(p_values) - 1e-12).all()


def test_holm_corrects_over_all_tests_of_the_table(make_run: RunWriter) -> None:
    wrong = {"gap": range(60), "gap_dense": range(40, 80), "dense": range(10)}
    runs = [
        with_predictions(make_run, head, wrong_at(indices), seed) for head, indices in wrong.items() for seed in (0, 1)
    ]
    frame = compute_significance(Comparison.of(runs))
    assert len(frame) == 6
    assert frame["p_holm"].tolist() == correct_holm(frame["p"].tolist()).tolist()
    first = frame.iloc[0]
    assert first[["both_correct", "only_a", "only_b", "both_wrong"]].tolist() == [920, 20, 40, 20]
    two = [run for run in runs if run.spec.head != "dense" and run.spec.seed == 0]
    one = compute_significance(Comparison.of(two))
    assert one["p_holm"].tolist() == one["p"].tolist()  # nothing to correct
