"""Accuracy by hyperparameter."""

import json

import pytest

from core.analysis.hyperparameter_curve import COLUMNS, compute_hyperparameter_curve, list_hyperparameters
from core.displays.views.hyperparameter_curve import HyperparameterCurve
from core.interval import compute_mean_interval
from core.store.comparison import Comparison
from core.store.index import list_rows_of
from core.store.same_test_set import RunsOnTestSet
from tests.support.costs import runs_on_test_set, with_cost
from tests.support.run_writer import RunWriter


def test_curve_contains_runs_that_differ_in_nothing_else(make_run: RunWriter) -> None:
    accuracies = {8: (0.7, 0.8), 16: (0.85, 0.87)}
    runs = [
        with_cost(make_run, {}, accuracy, filters=filters, seed=seed)
        for filters, both in accuracies.items() for seed, accuracy in enumerate(both)
    ]  # fmt: skip
    alone = make_run(filters=32, epochs=5)
    curve = compute_hyperparameter_curve(runs_on_test_set(*runs, alone), "filters")
    means = curve[curve["seed"] == -1]
    assert means["value"].tolist() == ["8", "16"]
    assert means["test_accuracy"].tolist() == pytest.approx([0.75, 0.86])
    assert means[["lowest", "highest"]].to_numpy().tolist() == [[0.7, 0.8], [0.85, 0.87]]
    interval = compute_mean_interval([0.85, 0.87])
    assert interval
    assert means["low"].iloc[1] == pytest.approx(interval.low)
    assert means["high"].tolist() == [1.0, pytest.approx(min(interval.high, 1.0))]  # no accuracy exceeds 1
    assert {*curve["run_id"]} == {run.run_id for run in runs} | {""}
    note = " ".join(HyperparameterCurve(Comparison.of([*runs, alone])).chart().to_dict()["title"]["text"])  # type: ignore[union-attr]
    assert "1 run without a counterpart that differs only in this hyperparameter is excluded" in note


def test_values_are_sorted_and_all_is_last(make_run: RunWriter) -> None:
    runs = [make_run(train_images=images) for images in (1_000, None, 200)]
    curve = compute_hyperparameter_curve(runs_on_test_set(*runs), "train_images")
    assert curve.drop_duplicates("order")["value"].tolist() == ["200", "1,000", "all"]


def test_hyperparameter_may_be_text(make_run: RunWriter) -> None:
    runs = [make_run(augmentation=steps) for steps in ("flip_horizontal=0.5", "", "rotation=10")]
    curve = compute_hyperparameter_curve(runs_on_test_set(*runs), "augmentation")
    assert curve.drop_duplicates("order")["value"].tolist() == ["none", "Horizontal flip p = 50%", "Rotation ± 10°"]


def test_head_without_the_hyperparameter_appears_at_each_value(make_run: RunWriter) -> None:
    runs = [*(make_run(head="dense", units=units) for units in (32, 256)), make_run(head="gap")]
    elsewhere = make_run(head="gap", epochs=5)  # differs from all others
    curve = compute_hyperparameter_curve(runs_on_test_set(*runs, elsewhere), "units")
    level = curve[~curve["applies"].astype(bool)]
    assert {*level["head"]} == {"GAP"}
    assert {*level["run_id"]} == {runs[2].run_id, ""}
    assert level[level["seed"] == -1]["value"].tolist() == ["32", "256"]
    assert HyperparameterCurve(Comparison.of(runs)).table()["Value"].tolist() == ["any (32)", "any (256)", "32", "256"]


def test_series_are_grouped_by_their_other_settings(make_run: RunWriter) -> None:
    runs = [make_run(blocks=blocks, filters=filters) for blocks in (1, 2) for filters in (8, 16)]
    test_set_runs = runs_on_test_set(*runs)
    assert list_hyperparameters(test_set_runs) == ["blocks", "filters"]
    curve = compute_hyperparameter_curve(test_set_runs, "blocks")
    assert [*dict.fromkeys(curve["rest"])] == ["8 filters", "16 filters"]
    frame = HyperparameterCurve(Comparison.of(runs)).frame()
    assert [*dict.fromkeys(frame["setting"])] == ["blocks", "filters"]


def test_runs_without_a_matching_run_have_no_curve(make_run: RunWriter) -> None:
    runs = [make_run(blocks=1, filters=8), make_run(blocks=2, filters=16)]
    assert list_hyperparameters(runs_on_test_set(*runs)) == []
    assert compute_hyperparameter_curve(runs_on_test_set(*runs), "blocks").columns.tolist() == [*COLUMNS]
    display = HyperparameterCurve(Comparison.of(runs))
    assert display.chart() is None
    assert display.frame().empty
    assert "No two runs differ in only one hyperparameter" in display.describe()


def test_one_seed_has_no_interval(make_run: RunWriter) -> None:
    display = HyperparameterCurve(Comparison.of([make_run(blocks=1), make_run(blocks=2)]))
    assert display.table()["Range across seeds"].tolist() == ["single seed", "single seed"]
    assert display.table()["95% interval across seeds"].tolist() == ["–", "–"]


def test_value_at_which_every_seed_diverged_is_shown_and_counted(make_run: RunWriter) -> None:
    """A sweep over the learning rate: both seeds finished at 0.001, one at 0.01, none at 1."""
    runs = [make_run(head="gap", seed=seed, learning_rate=0.001) for seed in (0, 1)]
    runs.append(make_run(head="gap", seed=0, learning_rate=0.01))
    spec = runs[0].spec
    lost = [spec.replace(learning_rate=0.01, seed=1), *(spec.replace(learning_rate=1.0, seed=s) for s in (0, 1))]
    other = spec.replace(filters=8, learning_rate=1.0)  # the runs do not differ in this
    comparison = Comparison.of(runs).with_diverged([*lost, other])
    display = HyperparameterCurve(comparison)
    table = display.table()
    assert table["Value"].tolist() == ["0.001", "0.01", "1"]
    assert table["Seeds"].tolist() == ["2", "1 (1 diverged)", "0 (2 diverged)"]
    assert table["Test accuracy"].tolist()[2] == "diverged"
    assert "3 runs diverged, at learning rate 0.01, 1." in display.describe()
    chart = display.chart()
    assert chart is not None
    assert "\\u2717" in json.dumps(chart.to_dict(validate=True), allow_nan=False)
    one = Comparison.of(runs[:2]).with_diverged(lost[1:])
    wide = RunsOnTestSet.within(one, list_rows_of(one.runs).assign(withheld=False))
    assert list_hyperparameters(wide) == ["learning_rate"]  # one finished and one diverged value
    assert list_hyperparameters(RunsOnTestSet.of(one)) == []  # the comparison is no sweep
