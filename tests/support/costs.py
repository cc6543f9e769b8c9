"""Runs with given costs, and the runs on the same test set."""

from typing import Any

from core.store.comparison import Comparison
from core.store.peers import Peers
from core.store.run import Run
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def with_cost(make_run: RunWriter, cost: dict[str, Any], accuracy: float, **knobs: Any) -> Run:
    """With exactly that test accuracy in its record."""
    return rewrite(make_run(**knobs), cost=cost, metrics={"test_accuracy": accuracy})


def peers_of(*runs: Run) -> Peers:
    return Peers.of(Comparison.of(runs))
