"""Images on which heads disagree."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from core.analysis.disagreement import (
    CELLS,
    compare_confused_pairs,
    compute_class_accuracy,
    compute_disagreement,
    list_images,
)
from core.errors import ComparisonError
from core.store.comparison import Comparison
from tests.support.predictions import LABELS, with_predictions, wrong_at
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def test_cells_partition_the_images(make_run: RunWriter) -> None:
    gap, dense = wrong_at(range(100)), wrong_at(range(80, 130))
    comparison = Comparison.of([with_predictions(make_run, "gap", gap), with_predictions(make_run, "dense", dense)])
    assert compute_disagreement(comparison)["images"].tolist() == [870, 30, 80, 20]
    pair = ("GAP", "Flatten + Dense")
    images = {cell: list_images(comparison, pair, cell) for cell in CELLS}
    assert sorted(images["only the first"]) == list(range(100, 130))
    assert sorted(images["only the second"]) == list(range(80))
    assert sorted(image for cell in images.values() for image in cell) == list(range(1_000))


def test_images_of_a_cell_are_sorted_by_probability_gap(make_run: RunWriter) -> None:
    runs = [make_run(head=head, accuracy=0.7) for head in ("gap", "dense")]
    comparison = Comparison.of(runs)
    images = list_images(comparison, ("GAP", "Flatten + Dense"), "only the first")
    labels = runs[0].predictions.test_labels
    a, b = (run.predictions.test_probs[np.arange(len(labels)), labels] for run in runs)
    gaps = np.abs(a - b)[images]
    assert len(gaps) > 10
    assert all(one >= other for one, other in pairwise(gaps))


@pytest.mark.parametrize("pair", [("GAP", "GAP"), ("GAP", "Flatten + Dense")])
def test_pair_that_is_not_compared_is_rejected(make_run: RunWriter, pair: tuple[str, str]) -> None:
    with pytest.raises(
        ComparisonError, match=r"Expected two different heads of 'GAP', 'GAP \(linear maps\)'; got \('GAP', '.*'\)\."
    ):
        compute_disagreement(Comparison.of([make_run(head="gap"), make_run(head="gap_linear")]), pair)


def test_class_accuracy_uses_only_images_of_the_class(make_run: RunWriter) -> None:
    comparison = Comparison.of([with_predictions(make_run, "gap", wrong_at([3, 13, 4]))])
    frame = compute_class_accuracy(comparison).set_index("label")
    assert frame.loc[[3, 4, 5], "accuracy"].tolist() == pytest.approx([0.98, 0.99, 1.0])
    expected = stats.binomtest(98, 100).proportion_ci(method="wilson")
    assert frame.loc[3, ["low", "high"]].tolist() == pytest.approx([expected.low, expected.high])


def test_single_class_leaves_other_classes_without_accuracy(make_run: RunWriter) -> None:
    run = rewrite(make_run(), labels=np.zeros(5, np.int64), predictions=[0, 0, 0, 1, 0])
    frame = compute_class_accuracy(Comparison.of([run]))
    assert frame["accuracy"].tolist() == pytest.approx([0.8] + 9 * [np.nan], nan_ok=True)
    assert frame.loc[1, ["low", "high"]].tolist() == [0, 1]


def test_confusion_of_only_one_head_is_described(make_run: RunWriter) -> None:
    gap, dense = LABELS.copy(), LABELS.copy()
    gap[[0, 10, 20]], dense[[0]] = 1, 1  # 0 predicted as 1
    gap[[5, 15]] = 6
    dense[[7]] = 8
    comparison = Comparison.of([with_predictions(make_run, "gap", gap), with_predictions(make_run, "dense", dense)])
    frame = compare_confused_pairs(comparison)
    rows = frame[["label", "predicted", "images_a", "images_b", "only"]].to_numpy().tolist()
    assert rows == [[0, 1, 3, 1, ""], [5, 6, 2, 0, "GAP"], [7, 8, 0, 1, "Flatten + Dense"]]
