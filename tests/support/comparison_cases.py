"""Comparisons of every kind: one run, several heads and seeds, diverged runs, hostile names."""

from collections.abc import Callable, Iterator

import numpy as np

from core.home import Home
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.elsewhere_runs import add_elsewhere
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter

HOSTILE_NAMES = (
    "<script>alert(1)</script>", "a.b[0]", "it's \"quoted\"", "back\\slash", "שלום עולם", "x" * 200, "datum['y']",
    "two  spaces", "&amp; %", "日本",
)  # fmt: skip


def one_run(make_run: RunWriter) -> Iterator[Run]:
    yield make_run(head="gap")


def two_heads_three_seeds(make_run: RunWriter) -> Iterator[Run]:
    for seed in range(3):
        yield make_run(head="gap", seed=seed, accuracy=0.85)
        yield make_run(head="dense", seed=seed, accuracy=0.95)


def three_heads(make_run: RunWriter) -> Iterator[Run]:
    for head in ("gap", "gap_dense", "dense"):
        yield make_run(head=head)


def one_head_other_units(make_run: RunWriter) -> Iterator[Run]:
    yield make_run(head="dense", units=32)
    yield make_run(head="dense", units=256, epochs=5)


def some_values_of_a_setting(make_run: RunWriter) -> Iterator[Run]:
    for filters in (8, 16):
        for seed in range(2):
            yield make_run(head="gap", filters=filters, seed=seed)
    for units in (32, 256):
        yield make_run(head="dense", filters=16, units=units)


def diverged(make_run: RunWriter) -> Iterator[Run]:
    lost: dict[str, float | None] = {"loss": None, "val_loss": None}
    rows = [row | (lost if row["epoch"] == 3 else {}) for row in history_of(3)]
    yield rewrite(make_run(head="gap"), history=rows, metrics={"test_loss": None, "validation_loss": None})
    yield make_run(head="dense")


def hostile_names(make_run: RunWriter) -> Iterator[Run]:
    for head in ("gap", "dense"):
        yield rewrite(make_run(head=head), classes=HOSTILE_NAMES)


def not_a_number(make_run: RunWriter) -> Iterator[Run]:
    """Set all probabilities of one seed and half of another to NaN, as in a diverged run."""
    for seed, lost in ((0, 360), (1, 180)):
        for head in ("gap", "dense"):
            run = make_run(head=head, seed=seed)
            probs = run.predictions.test_probs.copy()
            probs[:lost] = np.nan
            yield rewrite(run, probs=probs) if head == "gap" else run


def never_wrong(make_run: RunWriter) -> Iterator[Run]:
    for head in ("gap", "dense"):
        run = make_run(head=head)
        yield rewrite(run, predictions=run.predictions.test_labels)


def never_correct(make_run: RunWriter) -> Iterator[Run]:
    for head in ("gap", "dense"):
        run = make_run(head=head)
        wrong = (run.predictions.test_labels + 1) % 10
        yield rewrite(run, predictions=wrong, metrics={"test_accuracy": 0.0})


def fifteen_variants(make_run: RunWriter) -> Iterator[Run]:
    for number in range(15):
        yield rewrite(make_run(filters=4 * (number + 1), epochs=4), history=history_of(4 - number % 3, 0.99))


def with_elsewhere(make_run: RunWriter) -> Iterator[Run]:
    """Compare two heads with a model that was trained elsewhere, with two seeds and all that a client can record."""
    for head in ("gap", "dense"):
        yield make_run(head=head)
    for seed in range(2):
        yield add_elsewhere(make_run.home, "baseline", seed=seed)


def with_bare_elsewhere(make_run: RunWriter) -> Iterator[Run]:
    """Compare a head with a model of which only the predicted classes are known."""
    yield make_run(head="gap")
    yield add_elsewhere(make_run.home, "random <forest>", bare=True)


def only_elsewhere(make_run: RunWriter) -> Iterator[Run]:
    yield add_elsewhere(make_run.home, "bare", bare=True, data="digits")
    yield add_elsewhere(make_run.home, "no curves", history=None)
    yield add_elsewhere(make_run.home, "no layers", layers=(), validation=None)


CASES: dict[str, Callable[[RunWriter], Iterator[Run]]] = {
    case.__name__: case
    for case in (
        one_run, two_heads_three_seeds, three_heads, one_head_other_units, diverged, hostile_names, never_wrong,
        not_a_number, some_values_of_a_setting, with_elsewhere, with_bare_elsewhere, only_elsewhere, never_correct,
    )
}  # fmt: skip

MORE_CASES = {"fifteen_variants": fifteen_variants}
"""Cases of tests that name them."""

Comparisons = Callable[[str], tuple[Home, Comparison]]
