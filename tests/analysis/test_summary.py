"""Means over seeds of metrics and costs."""

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.summary import (
    compute_seed_mean,
    compute_table,
    describe_metric,
)
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter
from tests.support.two_heads import SPEC, accuracies, compare


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=10))
def test_estimate_is_mean_and_sample_standard_deviation(values: list[float]) -> None:
    found = compute_seed_mean(values)
    assert found.seeds == len(values)
    assert found.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-6)
    if len(values) == 1:
        assert found.std is None
    else:
        assert found.std == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)


def test_table_has_one_row_per_variant_with_means_and_standard_deviations(make_run: RunWriter) -> None:
    runs = accuracies(make_run, "gap", {0: 0.8, 1: 0.9}) + accuracies(make_run, "dense", {0: 0.95})
    table = compute_table(compare(*runs), ("test_accuracy", "params"))
    assert table["head"].tolist() == ["GAP", "Flatten + Dense"]
    assert table["seeds"].tolist() == [2, 1]
    assert table["test_accuracy"].tolist() == pytest.approx([0.85, 0.95])
    assert table["test_accuracy_std"].tolist() == pytest.approx([statistics.stdev([0.8, 0.9]), np.nan], nan_ok=True)
    assert table["params"].tolist() == [24_586, 431_242]


def test_missing_loss_of_a_diverged_run_makes_the_mean_nan(make_run: RunWriter) -> None:
    run = rewrite(make_run(SPEC), metrics={"test_loss": None})
    assert np.isnan(describe_metric(compare(run).variants[0], "test_loss").mean)
