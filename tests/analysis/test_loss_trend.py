"""Trend of the validation loss: one per run and head, so that checks never give opposite advice."""

from itertools import combinations, combinations_with_replacement

import pandas as pd

from core.analysis.check import CHECKS, run_checks
from core.analysis.loss_trend import find_trend, list_heads
from core.store.comparison import Comparison, Variant
from core.store.history import HISTORY
from core.store.run import Run
from tests.support.markers import LONG
from tests.support.run_writer import RunWriter

VALIDATION: dict[str, list[float]] = {
    "falls": [2.0, 1.8, 1.6, 1.4, 1.2, 1.0, 0.8, 0.6],
    "flat": [2.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    "rises": [2.0, 0.5, 0.4, 0.4, 0.6, 0.7, 0.8, 0.9],
    "rises and falls": [0.5, 0.3, 1.5, 2.0, 2.0, 1.9, 1.4, 1.2],
    "lowest earlier": [2.0, 0.5, 0.54, 0.5, 0.56, 0.56, 0.52, 0.51],
    "lost": [2.0, 1.5, 1.0, 0.9, 0.8, 0.7, float("nan"), float("nan")],
}
OPPOSITES = (
    ("more epochs", "fewer epochs"),
    ("for more epochs.", "best validation loss"),
    ("higher learning rate", "lower learning rate"),
    ("more regularization", "less regularization"),
)


def with_losses(run: Run, name: str) -> Run:
    """Return a run whose history is replaced in memory."""
    values = VALIDATION[name]
    rows = [
        dict(zip(HISTORY, (i + 1, 2.0 * i, 2.0 - 0.1 * i, 0.5, value, 0.5), strict=True))
        for i, value in enumerate(values)
    ]
    changed = Run(run.path, run.record)
    vars(changed)["history"] = pd.DataFrame(rows)
    return changed


def list_contradictions(messages: list[str]) -> list[tuple[str, str]]:
    return [
        (a, b)
        for a, b in combinations(messages, 2)
        for one, other in OPPOSITES
        if (one in a and other in b) or (one in b and other in a)
    ]


def test_every_run_has_one_trend(make_run: RunWriter) -> None:
    run = make_run(epochs=8)
    trends = {name: find_trend(with_losses(run, name)) for name in VALIDATION}
    assert trends == {
        "falls": "decreasing", "flat": "stable", "rises": "increasing", "rises and falls": "increasing",
        "lowest earlier": "stable", "lost": "stable",
    }  # fmt: skip


def test_checks_of_any_combination_of_seeds_never_contradict_each_other(make_run: RunWriter) -> None:
    base = {head: [make_run(epochs=8, head=head, seed=seed) for seed in range(4)] for head in ("gap", "dense")}
    runs = {
        (head, seed, name): with_losses(run, name)
        for head, found in base.items() for seed, run in enumerate(found) for name in VALIDATION
    }  # fmt: skip
    kinds = [kind for seeds in (1, 2, 3, 4) for kind in combinations_with_replacement(VALIDATION, seeds)]
    for kind in kinds:
        variant = Variant("GAP", tuple(runs["gap", seed, name] for seed, name in enumerate(kind)))
        both = [list_heads(Comparison((variant,)), trend) for trend in ("decreasing", "increasing")]
        assert not (both[0] and both[1]), kind
    few = [kind for kind in kinds if len(kind) <= 2]
    pairs = combinations_with_replacement(few, 2)  # the order of heads changes no check
    failed_together = 0
    for first, second in pairs if LONG else (pair for pair in pairs if sum(map(len, pair)) <= 3):
        comparison = Comparison(
            (
                Variant("GAP", tuple(runs["gap", seed, name] for seed, name in enumerate(first))),
                Variant("Flatten + Dense", tuple(runs["dense", seed, name] for seed, name in enumerate(second))),
            )
        )
        results = [CHECKS[name].run(comparison) for name in ("undertrained", "overfitting")]
        failed = [result.message for result in results if result.state == "failed"]
        failed_together += len(failed) == 2
        assert list_contradictions(failed) == []
    assert failed_together > 5
    messages = [result.message for _, result in run_checks(comparison) if result.state == "failed"]
    assert list_contradictions(messages) == []
