"""The baseline of a comparison: chosen by a user, or the best variant; the headline and displays that use it."""

import pytest

from core.analysis.baseline import find_baseline, find_best, find_smallest, list_compared
from core.analysis.difference import compute_differences
from core.analysis.finding import compute_finding
from core.displays.display import DISPLAYS
from core.displays.headline import write_facts, write_headline
from core.displays.views.heads import Heads
from core.errors import ComparisonError
from core.store.comparison import MANY_VARIANTS, Comparison
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def make_sweep(make_run: RunWriter, count: int, seeds: int = 2) -> Comparison:
    """Return settings of one head, of which the third has the highest validation accuracy."""
    runs = [
        rewrite(
            make_run(head="gap", filters=4 * (at + 1), seed=seed, accuracy=0.8),
            metrics={"validation_accuracy": 0.9 if at == 2 else 0.6 + 0.01 * at},
        )
        for at in range(count)
        for seed in range(seeds)
    ]
    return Comparison.of(runs)


@pytest.mark.parametrize("count", [3, 7, 15])
def test_every_difference_is_to_the_chosen_baseline(make_run: RunWriter, count: int) -> None:
    default = make_sweep(make_run, count)
    labels = default.labels
    assert find_baseline(default).label == labels[2]
    chosen = default.with_baseline(default.variants[1].key)
    others = [label for label in labels if label != labels[1]]
    assert [(one.a, one.b) for one in compute_differences(chosen)] == [(label, labels[1]) for label in others]
    for name in ("difference", "significance", "disagreement"):
        frame = DISPLAYS[name](chosen).frame()
        assert set(frame["b"]) == {labels[1]}
        assert [*dict.fromkeys(frame["a"])] == others
    losses = DISPLAYS["robustness_loss"](chosen).frame()
    assert set(losses.loc[losses["more"].isna(), "head"]) == {labels[1]}
    assert set(DISPLAYS["tiles"](chosen).frame()["baseline"]) == {labels[1]}
    assert f"than {labels[1]}" in write_headline(chosen)
    assert f"Best of {count} settings: {labels[2]}" in write_headline(chosen)
    assert f"{count} settings × 2 seeds" in write_facts(chosen)
    assert f"baseline {labels[1]}" in write_facts(chosen)
    assert Heads(chosen).tabulate_differences()["Difference"].tolist().index("baseline") == 1
    assert len(list_compared(default)) == (3 if count == 3 else count - 1)
    assert f"(best of {count} settings)" in write_headline(default)


def test_ties_are_not_resolved_by_test_accuracy(make_run: RunWriter) -> None:
    """More than six variants are sorted by test accuracy; all have the same size and validation accuracy."""
    runs = [
        rewrite(
            make_run(head="gap", dropout=0.1 * at, l2=0.0 if at % 2 else 1e-4, accuracy=0.5 + 0.05 * at),
            metrics={"validation_accuracy": 0.8},
        )
        for at in range(7)
    ]
    comparison = Comparison.of(runs)
    few = Comparison.of(runs[:3])
    assert [variant.spec.dropout for variant in comparison.variants] != sorted(run.spec.dropout for run in runs)
    for find in (find_best, find_smallest):
        assert find(comparison).spec == find(few).spec == runs[0].spec


def test_smallest_variant_can_be_the_baseline(make_run: RunWriter) -> None:
    comparison = make_sweep(make_run, 3)
    small = comparison.variants[0]
    finding = compute_finding(comparison.with_baseline(small.key))
    assert finding is not None
    assert (finding.baseline, finding.subject) == (small, comparison.variants[2])
    assert "more parameters than GAP · 4 filters" in write_headline(comparison.with_baseline(small.key))
    with pytest.raises(ComparisonError, match=r"Expected baseline to be one of gap-.*; got 'gap-00000000'"):
        comparison.with_baseline("gap-00000000")


def test_many_variants_are_sorted_by_their_value_or_by_accuracy(make_run: RunWriter) -> None:
    swept = make_sweep(make_run, MANY_VARIANTS + 1, seeds=1)
    assert [variant.spec.filters for variant in swept.variants] == [4 * (at + 1) for at in range(MANY_VARIANTS + 1)]
    runs = [
        make_run(head="gap", filters=filters, epochs=epochs, accuracy=0.5 + 0.004 * filters)
        for filters in (4, 100, 20, 60)
        for epochs in (1, 2)
    ]
    mixed = [variant.first.record.metrics.test_accuracy for variant in Comparison.of(runs).variants]
    assert mixed == sorted(mixed, reverse=True)
