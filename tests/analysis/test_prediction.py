"""Predicted classes: filters, orders and the confusion matrix."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from core.analysis.accuracy import compute_accuracies
from core.analysis.calibration import (
    compute_calibrations,
)
from core.analysis.prediction import (
    Agreement,
    ImageFilter,
    Order,
    Show,
    compute_confusion,
    compute_predictions,
    select_images,
    select_seed_runs,
)
from core.errors import ComparisonError
from core.store.comparison import Comparison
from core.store.metrics import NO_PREDICTION, compute_predicted
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter
from tests.support.two_heads import SPEC, accuracies, compare

# Predictions


def test_predictions_are_the_most_probable_classes(make_run: RunWriter) -> None:
    labels = np.arange(30) % 10
    predictions = np.array([0, 1, 3, *labels[3:]])
    frame = compute_predictions(compare(rewrite(make_run(SPEC), predictions=predictions, labels=labels)))
    assert frame["predicted"].tolist() == predictions.tolist()
    assert frame["correct"].tolist() == (predictions == labels).tolist()
    assert frame["prob"].tolist() == pytest.approx([0.7] * 30)
    assert frame["prob_label"].iloc[2] == pytest.approx(0.3 / 9)


def test_predictions_use_the_selected_seed_or_else_the_first(make_run: RunWriter) -> None:
    gap = accuracies(make_run, "gap", {0: 0.8, 1: 0.8})
    dense = accuracies(make_run, "dense", {0: 0.8})
    chosen = select_seed_runs(compare(*gap, *dense), seed=1)
    assert [run.spec.seed for run in chosen.values()] == [1, 0]


prediction_tables = st.integers(1, 4).flatmap(
    lambda heads: st.lists(st.lists(st.integers(0, 3), min_size=heads, max_size=heads), min_size=1, max_size=25)
)


def as_predictions(table: list[list[int]]) -> pd.DataFrame:
    """Return predictions with one row of `table` per image, whose true class is its index modulo 4, and one column per
    head.
    """
    rows = [
        {
            "image": i,
            "head": f"h{h}",
            "label": i % 4,
            "predicted": predicted,
            "prob": 0.3 + 0.1 * predicted,
            "correct": predicted == i % 4,
        }
        for h in range(len(table[0]))
        for i, predicted in enumerate(row[h] for row in table)
    ]
    return pd.DataFrame(rows)


@settings(max_examples=30, deadline=None)
@given(prediction_tables)
def test_filters_match_their_names(table: list[list[int]]) -> None:
    predictions = as_predictions(table)
    wrongs = {i: sum(predicted != i % 4 for predicted in row) for i, row in enumerate(table)}
    heads = len(table[0])
    expected: dict[Show, list[int]] = {
        "all": [*wrongs],
        "wrong": [i for i, wrong in wrongs.items() if wrong],
        "only one wrong": [i for i, wrong in wrongs.items() if wrong == 1],
        "only one correct": [i for i, wrong in wrongs.items() if heads > 1 and heads - wrong == 1],
    }
    assert {show: select_images(predictions, ImageFilter(show)).tolist() for show in expected} == expected


@settings(max_examples=30, deadline=None)
@given(prediction_tables, st.sampled_from(["all", "wrong", "only one wrong", "only one correct"]))
def test_classes_partition_every_filter(table: list[list[int]], show: Show) -> None:
    predictions = as_predictions(table)
    parts = [select_images(predictions, ImageFilter(show, label)).tolist() for label in range(4)]
    assert sorted(image for part in parts for image in part) == select_images(predictions, ImageFilter(show)).tolist()


@settings(max_examples=50, deadline=None)
@given(
    prediction_tables, st.sampled_from([None, 0, 2]), st.sampled_from([None, "h0"]),
    st.sampled_from([(0.0, 1.0), (0.35, 0.55), (0.6, 0.9)]),
    st.sampled_from(["any", "same prediction", "different predictions"]),
)  # fmt: skip
def test_filters_by_prediction_confidence_and_agreement_match_a_loop(
    table: list[list[int]], predicted: int | None, head: str | None, bounds: tuple[float, float], agreement: Agreement
) -> None:
    chosen = ImageFilter(predicted=predicted, head=head, least=bounds[0], most=bounds[1], agreement=agreement)
    expected = []
    for image, row in enumerate(table):
        meant = row if head is None else row[:1]
        matches = any(
            p == (p if predicted is None else predicted) and bounds[0] <= 0.3 + 0.1 * p <= bounds[1] for p in meant
        )
        same = len(set(row)) == 1
        if matches and (agreement == "any" or same == (agreement == "same prediction")):
            expected.append(image)
    assert select_images(as_predictions(table), chosen).tolist() == expected


@settings(max_examples=30, deadline=None)
@given(prediction_tables, st.sampled_from(["most confident first", "least confident first"]))
def test_order_only_reorders(table: list[list[int]], order: Order) -> None:
    predictions = as_predictions(table)
    ordered = select_images(predictions, order=order)
    sure = predictions.groupby("image")["prob"].mean()[ordered].to_numpy()
    assert sorted(ordered) == list(range(len(table)))
    assert (np.diff(sure) <= 1e-12).all() if order == "most confident first" else (np.diff(sure) >= -1e-12).all()


def test_missing_predictions_give_an_error_message() -> None:
    with pytest.raises(ComparisonError, match=r"Expected predictions of at least one test image; got 0\."):
        select_images(pd.DataFrame(columns=["image", "head", "label", "predicted", "prob", "correct"]))


# Confusion


def test_confusion_equals_scikit_learn_averaged_over_seeds(make_run: RunWriter) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 200)
    predictions = [rng.integers(0, 10, 200) for _ in range(2)]
    runs = [rewrite(make_run(SPEC.replace(seed=s)), predictions=g, labels=labels) for s, g in enumerate(predictions)]
    frame = compute_confusion(compare(*runs))
    expected = np.mean([confusion_matrix(labels, predicted, labels=range(10)) for predicted in predictions], axis=0)
    shares = np.mean([confusion_matrix(labels, g, labels=range(10), normalize="true") for g in predictions], axis=0)
    assert frame["images"].to_numpy().reshape(10, 10) == pytest.approx(expected)
    assert frame["share"].to_numpy().reshape(10, 10) == pytest.approx(shares)


def test_class_without_test_images_has_no_share(make_run: RunWriter) -> None:
    labels = np.zeros(10, dtype=np.int64)
    run = rewrite(make_run(SPEC), labels=labels)
    frame = compute_confusion(compare(run))
    assert frame["share"].sum() == 1
    assert not frame["share"].isna().any()


# Invalid predictions


def test_image_without_finite_probabilities_has_no_prediction_and_is_wrong(make_run: RunWriter) -> None:
    probs = np.full((4, 10), 0.1, np.float32)
    probs[1, 3], probs[2], probs[3, 9] = 0.9, np.nan, np.inf
    assert compute_predicted(probs).tolist() == [0, 3, NO_PREDICTION, NO_PREDICTION]
    probs[3, 9] = np.nan  # stored predictions are never infinite
    run = rewrite(make_run(), labels=np.array([0, 3, 0, 9]), probs=probs)
    comparison = Comparison.of([run])
    assert compute_accuracies(comparison)["accuracy"].tolist() == [0.5, 0.5]
    assert compute_calibrations(comparison)["left_out"].tolist() == [2]
