"""Predicted classes and metrics of predictions that are not finite."""

import ast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.store.kept_epoch import choose_epoch
from core.store.metrics import NO_PREDICTION, compute_metrics, compute_predicted
from tests.support.paths import ROOT

VALUES = st.sampled_from([0.0, 0.2, 0.5, 1.0, np.nan, np.inf, -np.inf])
PROBS = st.integers(1, 20).flatmap(lambda images: arrays(np.float32, (images, 3), elements=VALUES.map(np.float32)))


@given(PROBS, st.integers(0, 2))
def test_image_without_finite_probabilities_is_wrong(probs: np.ndarray, label: int) -> None:
    labels = np.full(len(probs), label)
    predicted = compute_predicted(probs)
    assert np.array_equal(predicted == NO_PREDICTION, ~np.isfinite(probs).all(axis=1))
    with np.errstate(invalid="ignore"):
        assert compute_metrics(probs, labels)[1] == (predicted == labels).mean()


def test_only_one_function_predicts_classes() -> None:
    """A second argmax over classes would need its own rule for NaN.

    `label_errors` leaves out such runs. `pixel_range` searches pixel values, not classes.
    """
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "core").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "argmax" and "axis=1" in ast.unparse(node)
    }
    assert found == {"core/store/metrics.py", "core/analysis/label_errors.py", "core/displays/data/pixel_range.py"}


@given(st.lists(st.sampled_from([0.1, 0.2, np.nan]), min_size=1, max_size=9))
def test_kept_epoch_is_the_earliest_best_one(values: list[float]) -> None:
    finite = [value for value in values if value == value]
    for keep, pick in (("best_val_loss", min), ("best_val_accuracy", max)):
        best = 1 + values.index(pick(finite)) if finite else 1
        assert choose_epoch(keep, values, values) == best
    assert choose_epoch("last", values, values) == len(values)
