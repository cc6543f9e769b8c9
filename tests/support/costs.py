"""Runs with given costs, and the runs on the same test set."""

from typing import Any

from core.store.comparison import Comparison
from core.store.run import Run
from core.store.same_test_set import RunsOnTestSet
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def with_cost(make_run: RunWriter, cost: dict[str, Any], accuracy: float, **settings: Any) -> Run:
    """Return a run with exactly this test accuracy in its record."""
    return rewrite(make_run(**settings), cost=cost, metrics={"test_accuracy": accuracy})


def runs_on_test_set(*runs: Run) -> RunsOnTestSet:
    return RunsOnTestSet.of(Comparison.of(runs))
