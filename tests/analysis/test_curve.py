"""Learning curves: smoothing and means over seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.analysis.curve import MEAN, compute_curves, compute_extremes, smooth
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter
from tests.support.two_heads import SPEC, compare

series = hnp.arrays(np.float64, st.integers(0, 40), elements=st.floats(-1e3, 1e3))
weights = st.floats(0.01, 0.99)


@settings(deadline=None)
@given(series, weights)
def test_smoothing_equals_adams_bias_corrected_mean(values: np.ndarray, weight: float) -> None:
    expected = []
    for end in range(1, len(values) + 1):
        powers = [weight ** (end - 1 - i) for i in range(end)]
        expected.append(sum(p * v for p, v in zip(powers, values[:end], strict=True)) / sum(powers))
    assert smooth(values, weight) == pytest.approx(expected, rel=1e-7, abs=1e-7)


@settings(deadline=None)
@given(series.filter(len), weights)
def test_smoothing_keeps_the_first_value_and_the_range(values: np.ndarray, weight: float) -> None:
    smoothed = smooth(values, weight)
    assert smoothed[0] == pytest.approx(values[0])
    assert values.min() - 1e-6 <= smoothed.min() <= smoothed.max() <= values.max() + 1e-6


@pytest.mark.parametrize("weight", [0.0, 1.0, -0.5, 2.0])
def test_smoothing_outside_its_bounds_changes_nothing(weight: float) -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert smooth(values, weight).tolist() == [3.0, 1.0, 2.0]


def test_mean_curve_by_epoch_ends_with_the_shortest_run(make_run: RunWriter) -> None:
    histories = {0: history_of(4, 0.9, seconds=1.0), 1: history_of(3, 0.5, seconds=3.0)}
    runs = [rewrite(make_run(SPEC.replace(seed=seed)), history=history) for seed, history in histories.items()]
    curves = compute_curves(compare(*runs), "accuracy").query("split == 'validation'")
    mean = curves[curves["seed"] == MEAN]
    pairs = list(zip(histories[0], histories[1], strict=False))
    assert mean["epoch"].tolist() == [1, 2, 3]
    assert mean["value"].tolist() == pytest.approx([(a["val_accuracy"] + b["val_accuracy"]) / 2 for a, b in pairs])
    assert mean["seconds"].tolist() == pytest.approx([2.0, 4.0, 6.0])
    assert (curves["seed"] == 0).sum() == 4  # single seeds are drawn up to their last epoch


def test_mean_curve_by_seconds_covers_the_range_of_all_seeds(make_run: RunWriter) -> None:
    fast, slow = history_of(4, seconds=1.0), history_of(4, seconds=3.0)
    runs = [rewrite(make_run(SPEC.replace(seed=seed)), history=rows) for seed, rows in enumerate([fast, slow])]
    curves = compute_curves(compare(*runs), "loss", "seconds").query("split == 'training'")
    mean = curves[curves["seed"] == MEAN]
    assert (mean["seconds"].min(), mean["seconds"].max()) == (3.0, 4.0)
    first, last = mean["value"].iloc[0], mean["value"].iloc[-1]
    third, fourth = fast[2]["loss"], fast[3]["loss"]
    assert first == pytest.approx((third + slow[0]["loss"]) / 2)
    assert last == pytest.approx((fourth + slow[0]["loss"] + (slow[1]["loss"] - slow[0]["loss"]) / 3) / 2)
    assert mean["epoch"].isna().all()


def test_runs_without_epochs_do_not_hide_other_curves(make_run: RunWriter) -> None:
    whole, empty = rewrite(make_run(SPEC)), rewrite(make_run(SPEC.replace(seed=1)), history=[])
    assert set(compute_curves(compare(whole, empty), "loss")["seed"]) == {0, MEAN}
    assert compute_curves(compare(empty), "loss").empty


def test_diverged_run_has_gaps_in_its_curve(make_run: RunWriter) -> None:
    rows = history_of(4)
    rows[2] |= {"val_loss": None}  # type: ignore[dict-item]
    curves = compute_curves(compare(rewrite(make_run(SPEC), history=rows)), "loss")
    line = curves[(curves["split"] == "validation") & (curves["seed"] == 0)]
    assert line["value"].isna().tolist() == [False, False, True, False]


def test_best_values_are_per_seed_and_skip_lost_ones(make_run: RunWriter) -> None:
    histories = [history_of(4), history_of(3), history_of(2)]
    histories[0][1] |= {"val_accuracy": 0.95}  # equally good: the earliest counts
    histories[0][3] |= {"val_accuracy": 0.95, "val_loss": None}
    runs = [rewrite(make_run(SPEC.replace(seed=seed)), history=rows) for seed, rows in enumerate(histories)]
    _, accuracy = compute_extremes(compare(*runs), "accuracy")
    assert (accuracy.head, accuracy.split, accuracy.best.seeds) == ("GAP", "validation", 3)
    assert (accuracy.best_epochs, accuracy.last_epochs) == ((2, 3, 2), (4, 3, 2))
    values = [0.95, 0.9 * 0.875, 0.9 * 0.75]
    assert (accuracy.best.mean, accuracy.best.std) == pytest.approx((np.mean(values), np.std(values, ddof=1)))
    _, loss = compute_extremes(compare(*runs), "loss")
    assert loss.best_epochs == (3, 3, 2)
    assert np.isnan(loss.last.mean)
    lost = rewrite(runs[0], history=[row | {"val_loss": None} for row in history_of(2)])
    _, none = compute_extremes(compare(lost), "loss")
    assert none.best_epochs == ()
    assert np.isnan(none.best.mean)


def test_time_per_epoch_adds_up_and_learning_rate_is_that_of_the_run(make_run: RunWriter) -> None:
    run = rewrite(make_run(SPEC.replace(learning_rate=0.002)), history=history_of(3, seconds=2.5))
    seconds = compute_curves(compare(run), "epoch_seconds").query("seed == 0")
    assert seconds["value"].tolist() == [2.5, 2.5, 2.5]
    assert compute_curves(compare(run), "learning_rate")["value"].unique().tolist() == [0.002]
