"""What the arrays of runs say: curves, guesses, means over seeds and the finding, each against another way."""

import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import confusion_matrix

from core.analysis.curve import MEAN, compute_curves, smooth
from core.analysis.prediction import (
    Order,
    Show,
    choose_runs,
    compute_confusion,
    compute_guesses,
    select_images,
)
from core.analysis.summary import (
    compute_estimate,
    compute_finding,
    compute_table,
    estimate,
)
from core.errors import ComparisonError
from core.spec import RunSpec
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter

SPEC = RunSpec(epochs=4)

series = hnp.arrays(np.float64, st.integers(0, 40), elements=st.floats(-1e3, 1e3))
weights = st.floats(0.01, 0.99)


def compare(*runs: Run) -> Comparison:
    return Comparison.of(runs)


# Curves


@settings(deadline=None)
@given(series, weights)
def test_smoothing_is_adams_corrected_running_mean(values: np.ndarray, weight: float) -> None:
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
    histories = {0: history_of(4, 0.9, pace=1.0), 1: history_of(3, 0.5, pace=3.0)}
    runs = [rewrite(make_run(SPEC.replace(seed=seed)), history=history) for seed, history in histories.items()]
    curves = compute_curves(compare(*runs), "accuracy").query("split == 'validation'")
    mean = curves[curves["seed"] == MEAN]
    pairs = list(zip(histories[0], histories[1], strict=False))
    assert mean["epoch"].tolist() == [1, 2, 3]
    assert mean["value"].tolist() == pytest.approx([(a["val_accuracy"] + b["val_accuracy"]) / 2 for a, b in pairs])
    assert mean["seconds"].tolist() == pytest.approx([2.0, 4.0, 6.0])
    assert (curves["seed"] == 0).sum() == 4  # single seeds are drawn to their end


def test_mean_curve_by_seconds_spans_what_all_seeds_have(make_run: RunWriter) -> None:
    fast, slow = history_of(4, pace=1.0), history_of(4, pace=3.0)
    runs = [rewrite(make_run(SPEC.replace(seed=seed)), history=rows) for seed, rows in enumerate([fast, slow])]
    curves = compute_curves(compare(*runs), "loss", "seconds").query("split == 'training'")
    mean = curves[curves["seed"] == MEAN]
    assert (mean["seconds"].min(), mean["seconds"].max()) == (3.0, 4.0)
    first, last = mean["value"].iloc[0], mean["value"].iloc[-1]
    third, fourth = fast[2]["loss"], fast[3]["loss"]
    assert first == pytest.approx((third + slow[0]["loss"]) / 2)
    assert last == pytest.approx((fourth + slow[0]["loss"] + (slow[1]["loss"] - slow[0]["loss"]) / 3) / 2)
    assert mean["epoch"].isna().all()


def test_runs_without_an_epoch_leave_the_others_in_the_curves(make_run: RunWriter) -> None:
    whole, empty = rewrite(make_run(SPEC)), rewrite(make_run(SPEC.replace(seed=1)), history=[])
    assert set(compute_curves(compare(whole, empty), "loss")["seed"]) == {0, MEAN}
    assert compute_curves(compare(empty), "loss").empty


def test_diverged_run_has_gaps_in_its_curve(make_run: RunWriter) -> None:
    rows = history_of(4)
    rows[2] |= {"val_loss": None}  # type: ignore[dict-item]
    curves = compute_curves(compare(rewrite(make_run(SPEC), history=rows)), "loss")
    line = curves[(curves["split"] == "validation") & (curves["seed"] == 0)]
    assert line["value"].isna().tolist() == [False, False, True, False]


# Means over seeds


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=10))
def test_estimate_is_mean_and_sample_deviation(values: list[float]) -> None:
    found = compute_estimate(values)
    assert found.seeds == len(values)
    assert found.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-6)
    if len(values) == 1:
        assert found.spread is None
    else:
        assert found.spread == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)


def accuracies(make_run: RunWriter, head: str, values: dict[int, float], **knobs: object) -> list[Run]:
    return [
        rewrite(make_run(SPEC.replace(head=head, seed=seed, **knobs)), metrics={"test_accuracy": value})
        for seed, value in values.items()
    ]


def test_table_has_a_row_a_contender_with_means_and_spreads(make_run: RunWriter) -> None:
    runs = accuracies(make_run, "gap", {0: 0.8, 1: 0.9}) + accuracies(make_run, "dense", {0: 0.95})
    table = compute_table(compare(*runs), ("test_accuracy", "params"))
    assert table["head"].tolist() == ["GAP", "Flatten + Dense"]
    assert table["seeds"].tolist() == [2, 1]
    assert table["test_accuracy"].tolist() == pytest.approx([0.85, 0.95])
    assert table["test_accuracy_spread"].tolist() == pytest.approx([statistics.stdev([0.8, 0.9]), np.nan], nan_ok=True)
    assert table["params"].tolist() == [24_586, 431_242]


def test_lost_loss_of_a_diverged_run_is_nan_in_the_mean(make_run: RunWriter) -> None:
    run = rewrite(make_run(SPEC), metrics={"test_loss": None})
    assert np.isnan(estimate(compare(run).contenders[0], "test_loss").mean)


# The finding


def test_one_contender_has_no_finding(make_run: RunWriter) -> None:
    assert compute_finding(compare(*accuracies(make_run, "gap", {0: 0.8, 1: 0.9}))) is None


def test_finding_sets_the_smallest_against_the_most_accurate_other(make_run: RunWriter) -> None:
    runs = (
        accuracies(make_run, "gap", {0: 0.80})
        + accuracies(make_run, "flatten", {0: 0.85})
        + accuracies(make_run, "dense", {0: 0.95})
    )
    found = compute_finding(compare(*runs))
    assert found is not None
    assert (found.small.label, found.rival.label) == ("GAP", "Flatten + Dense")
    assert found.params_ratio == pytest.approx(431_242 / 24_586)
    assert (found.accuracy.a, found.accuracy.b) == ("GAP", "Flatten + Dense")


def test_of_equally_small_heads_the_more_accurate_is_the_small_one(make_run: RunWriter) -> None:
    runs = accuracies(make_run, "gap", {0: 0.80}) + accuracies(make_run, "gap_linear", {0: 0.90})
    found = compute_finding(compare(*runs))
    assert found is not None
    assert (found.small.label, found.rival.label, found.params_ratio) == ("GAP, linear maps", "GAP", 1.0)


# Guesses


def test_guesses_are_the_most_probable_classes(make_run: RunWriter) -> None:
    labels = np.arange(30) % 10
    guesses = np.array([0, 1, 3, *labels[3:]])
    frame = compute_guesses(compare(rewrite(make_run(SPEC), guesses=guesses, labels=labels)))
    assert frame["guess"].tolist() == guesses.tolist()
    assert frame["right"].tolist() == (guesses == labels).tolist()
    assert frame["prob"].tolist() == pytest.approx([0.7] * 30)
    assert frame["prob_label"].iloc[2] == pytest.approx(0.3 / 9)


def test_a_seed_is_chosen_where_there_is_one_and_else_the_first(make_run: RunWriter) -> None:
    gap = accuracies(make_run, "gap", {0: 0.8, 1: 0.8})
    dense = accuracies(make_run, "dense", {0: 0.8})
    chosen = choose_runs(compare(*gap, *dense), seed=1)
    assert [run.spec.seed for run in chosen.values()] == [1, 0]


guessed = st.integers(1, 4).flatmap(
    lambda heads: st.lists(st.lists(st.integers(0, 3), min_size=heads, max_size=heads), min_size=1, max_size=25)
)


def as_guesses(table: list[list[int]]) -> pd.DataFrame:
    """A row of `table` an image, whose true class is its index modulo 4; a column a head."""
    rows = [
        {
            "image": i,
            "head": f"h{h}",
            "label": i % 4,
            "guess": guess,
            "prob": 0.3 + 0.1 * guess,
            "right": guess == i % 4,
        }
        for h in range(len(table[0]))
        for i, guess in enumerate(row[h] for row in table)
    ]
    return pd.DataFrame(rows)


@settings(max_examples=30, deadline=None)
@given(guessed)
def test_filters_are_what_their_names_say(table: list[list[int]]) -> None:
    guesses = as_guesses(table)
    wrongs = {i: sum(guess != i % 4 for guess in row) for i, row in enumerate(table)}
    heads = len(table[0])
    expected: dict[Show, list[int]] = {
        "all": [*wrongs],
        "wrong": [i for i, wrong in wrongs.items() if wrong],
        "wrong by one": [i for i, wrong in wrongs.items() if wrong == 1],
        "right by one": [i for i, wrong in wrongs.items() if heads > 1 and heads - wrong == 1],
    }
    assert {show: select_images(guesses, show).tolist() for show in expected} == expected


@settings(max_examples=30, deadline=None)
@given(guessed, st.sampled_from(["all", "wrong", "wrong by one", "right by one"]))
def test_classes_part_every_filter(table: list[list[int]], show: Show) -> None:
    guesses = as_guesses(table)
    parts = [select_images(guesses, show, label).tolist() for label in range(4)]
    assert sorted(image for part in parts for image in part) == select_images(guesses, show).tolist()


@settings(max_examples=30, deadline=None)
@given(guessed, st.sampled_from(["surest first", "least sure first"]))
def test_order_only_reorders(table: list[list[int]], order: Order) -> None:
    guesses = as_guesses(table)
    ordered = select_images(guesses, "all", order=order)
    sure = guesses.groupby("image")["prob"].mean()[ordered].to_numpy()
    assert sorted(ordered) == list(range(len(table)))
    assert (np.diff(sure) <= 1e-12).all() if order == "surest first" else (np.diff(sure) >= -1e-12).all()


def test_no_predictions_are_refused_in_a_sentence() -> None:
    with pytest.raises(ComparisonError, match=r"Expected predictions of at least one test image; got none\."):
        select_images(pd.DataFrame(columns=["image", "head", "label", "guess", "prob", "right"]))


# Confusion


def test_confusion_is_scikit_learns_averaged_over_seeds(make_run: RunWriter) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 200)
    guesses = [rng.integers(0, 10, 200) for _ in range(2)]
    runs = [rewrite(make_run(SPEC.replace(seed=s)), guesses=g, labels=labels) for s, g in enumerate(guesses)]
    frame = compute_confusion(compare(*runs))
    expected = np.mean([confusion_matrix(labels, guess, labels=range(10)) for guess in guesses], axis=0)
    shares = np.mean([confusion_matrix(labels, g, labels=range(10), normalize="true") for g in guesses], axis=0)
    assert frame["images"].to_numpy().reshape(10, 10) == pytest.approx(expected)
    assert frame["share"].to_numpy().reshape(10, 10) == pytest.approx(shares)


def test_class_without_a_test_image_has_no_share(make_run: RunWriter) -> None:
    labels = np.zeros(10, dtype=np.int64)
    run = rewrite(make_run(SPEC), labels=labels)
    frame = compute_confusion(compare(run))
    assert frame["share"].sum() == 1
    assert not frame["share"].isna().any()
