"""Classification metrics: equal to those of scikit-learn, also for degenerate predictions, and combined over seeds."""

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from core.analysis.class_metrics import AVERAGES, choose_class, compute_averages, compute_class_curves, measure_run
from core.analysis.classification import compute_scores, compute_top, count_thresholds, thin_curve
from core.store.metrics import NO_PREDICTION, compute_predicted
from tests.support.run_rewriter import rewrite, with_classes
from tests.support.run_writer import RunWriter, draw_probs
from tests.support.two_heads import compare


def draw_cases() -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield labels and probabilities: random ones, ties, missing classes, a single class, one image, all equal."""
    rng = np.random.default_rng(0)
    for classes in (2, 3, 10, 17):
        for images in (1, 2, 40):
            labels = rng.integers(0, classes, images)
            for probs in (
                draw_probs(labels, classes, 0.6, rng),
                rng.integers(0, 4, (images, classes)).astype(np.float32),  # many ties
                np.full((images, classes), 0.25, np.float32),
                np.eye(classes, dtype=np.float32)[labels],
                np.eye(classes, dtype=np.float32)[np.full(images, classes - 1)],
            ):
                yield labels, probs
                yield np.minimum(labels, classes - 2), probs  # the last class has no images
        yield np.zeros(9, np.int64), draw_probs(np.zeros(9, np.int64), classes, 0.5, rng)


@pytest.fixture
def silent() -> Iterator[None]:
    """Ignore the warnings of scikit-learn about classes without images or predictions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.usefixtures("silent")
def test_metrics_of_predicted_classes_equal_those_of_scikit_learn() -> None:
    for number, (labels, probs) in enumerate(draw_cases()):
        classes, predicted = probs.shape[1], compute_predicted(probs)
        found = compute_scores(labels, predicted, classes)
        known = metrics.precision_recall_fscore_support(labels, predicted, labels=range(classes))
        for mine, theirs in zip((found.precision, found.recall, found.f1, found.images), known, strict=True):
            assert mine == pytest.approx(theirs), number
        for name, weighted in (("macro", False), ("weighted", True)):
            theirs = metrics.precision_recall_fscore_support(labels, predicted, average=name)[:3]
            assert found.average(weighted=weighted) == pytest.approx(theirs), (number, name)
        assert found.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(labels, predicted)), number
        if classes > 2:
            known = metrics.top_k_accuracy_score(labels, probs, k=5, labels=range(classes))
            assert compute_top(labels, probs) == pytest.approx(known), number


@pytest.mark.usefixtures("silent")
def test_curves_and_areas_equal_those_of_scikit_learn() -> None:
    for number, (labels, probs) in enumerate(draw_cases()):
        last = probs.shape[1] - 1
        for label in {0, last - 1, last}:
            positive, scores = labels == label, probs[:, label]
            counts = count_thresholds(positive, scores)
            roc = metrics.roc_curve(positive, scores, pos_label=True, drop_intermediate=False)
            recall, precision, thresholds = counts.compute_precision_recall()
            known = metrics.precision_recall_curve(positive, scores, pos_label=True)
            curves = (precision[::-1], recall[::-1], thresholds[:0:-1])
            for mine, theirs in zip((*counts.compute_roc(), *curves), (*roc, *known), strict=True):
                np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-12, err_msg=f"case {number}, class {label}")
            area = metrics.average_precision_score(positive, scores) if positive.any() else 0.0
            assert counts.average_precision == pytest.approx(area)
            if len(positive) > 1:
                assert counts.roc_auc == pytest.approx(metrics.roc_auc_score(positive, scores), nan_ok=True)


def test_thin_curve_keeps_the_area_and_at_most_the_given_points() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random(20_000) < 0.3
    x, y, _ = count_thresholds(labels, (rng.random(20_000) + labels).astype(np.float32)).compute_roc()
    points = thin_curve(x, y, 200)
    assert len(points) <= 200
    assert (points[0], points[-1]) == (0, len(x) - 1)
    assert np.trapezoid(y[points], x[points]) == pytest.approx(np.trapezoid(y, x), abs=1e-3)
    line = np.linspace(0, 1, 50)
    assert thin_curve(line, line, 200).tolist() == [0, 49]


def test_image_without_a_prediction_is_wrong_and_ranks_last() -> None:
    labels = np.array([0, 1, 1, 0])
    assert compute_scores(labels, np.array([0, 1, NO_PREDICTION, 0]), 2).recall.tolist() == [1, 0.5]
    scores = np.array([0.2, 0.9, np.nan, 0.1], np.float32)
    assert count_thresholds(labels == 1, scores).roc_auc == metrics.roc_auc_score(labels, [0.2, 0.9, -1, 0.1])
    probs = np.full((4, 12), np.nan, np.float32)
    probs[0] = 0.1
    probs[0, 0] = 0.9
    assert compute_top(labels, probs) == 0.25


def test_seeds_are_combined_after_the_metric(make_run: RunWriter) -> None:
    runs = [make_run(head="gap", seed=seed, accuracy=accuracy) for seed, accuracy in ((0, 0.6), (1, 0.9))]
    found = [measure_run(run) for run in runs]
    row = compute_averages(compare(*runs)).iloc[0]
    for name, values in zip(AVERAGES, zip(*(one.list_averages(None) for one in found), strict=True), strict=True):
        assert row[name] == pytest.approx(np.mean(values), nan_ok=True)
        assert row[f"{name}_std"] == pytest.approx(np.std(values, ddof=1), nan_ok=True)
    predictions = runs[0].predictions
    assert found[0].list_averages(None)[-3] == pytest.approx(
        metrics.roc_auc_score(np.eye(10)[predictions.test_labels], predictions.test_probs, average="macro")
    )
    curves = compute_class_curves(compare(*runs), 4, "precision_recall")
    areas = curves.groupby("seed")["area"].first().tolist()
    assert areas == pytest.approx([one.average_precision[4] for one in found])


def test_default_class_of_curves_is_the_one_that_heads_rank_most_differently(make_run: RunWriter) -> None:
    run, other = make_run(head="gap"), make_run(head="dense")
    predictions = run.predictions.test_labels.copy()
    perfect = rewrite(run, predictions=predictions)
    predictions[predictions == 6] = 2
    assert choose_class(compare(perfect, rewrite(other, predictions=predictions))) == 6


def test_metrics_of_a_binary_problem_are_those_of_the_positive_class(make_run: RunWriter) -> None:
    labels = (np.arange(60) % 3 == 0).astype(np.int64)
    probs = draw_probs(labels, 2, 0.8, np.random.default_rng(0))
    run = with_classes(make_run(), labels, probs, ("no", "yes"))
    found = dict(zip(AVERAGES, measure_run(run).list_averages(1), strict=True))
    known = metrics.precision_recall_fscore_support(labels, compute_predicted(probs), average="binary")[:3]
    assert [found[f"{name}_positive"] for name in ("precision", "recall", "f1")] == pytest.approx(known)
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(labels, probs[:, 1]))
    assert found["average_precision"] == pytest.approx(metrics.average_precision_score(labels, probs[:, 1]))
    assert np.isnan(found["top_5"])
