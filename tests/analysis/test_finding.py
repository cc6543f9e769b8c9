"""The main finding of a comparison."""

import pytest

from core.analysis.finding import compute_finding
from tests.support.run_writer import RunWriter
from tests.support.two_heads import accuracies, compare


def test_one_variant_has_no_finding(make_run: RunWriter) -> None:
    assert compute_finding(compare(*accuracies(make_run, "gap", {0: 0.8, 1: 0.9}))) is None


def test_finding_compares_the_smallest_with_the_most_accurate_other(make_run: RunWriter) -> None:
    runs = (
        accuracies(make_run, "gap", {0: 0.80})
        + accuracies(make_run, "flatten", {0: 0.85})
        + accuracies(make_run, "dense", {0: 0.95})
    )
    found = compute_finding(compare(*runs))
    assert found is not None
    assert (found.subject.label, found.baseline.label) == ("GAP", "Flatten + Dense")
    assert found.params_ratio == pytest.approx(431_242 / 24_586)
    assert (found.accuracy.a, found.accuracy.b) == ("GAP", "Flatten + Dense")


def test_most_accurate_of_equally_small_heads_is_the_small_one(make_run: RunWriter) -> None:
    runs = accuracies(make_run, "gap", {0: 0.80}) + accuracies(make_run, "gap_linear", {0: 0.90})
    found = compute_finding(compare(*runs))
    assert found is not None
    assert (found.subject.label, found.baseline.label, found.params_ratio) == ("GAP (linear maps)", "GAP", 1.0)
