"""Comparisons of GAP with Flatten + Dense."""

from core.spec import RunSpec
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

_ACCURACIES = "test_accuracy", "validation_accuracy"
SPEC = RunSpec(epochs=4)


def compare(*runs: Run) -> Comparison:
    return Comparison.of(runs)


def accuracies(make_run: RunWriter, head: str, values: dict[int, float], **settings: object) -> list[Run]:
    return [
        rewrite(
            make_run(SPEC.replace(head=head, seed=seed, **settings)),
            metrics=dict.fromkeys(_ACCURACIES, value),
        )
        for seed, value in values.items()
    ]
