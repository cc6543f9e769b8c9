"""Accuracy and cost: means over seeds, rates compared with a published table, and edge cases."""

import json

import numpy as np
import pytest

from core.analysis.cost import COSTS, compute_costs, compute_marginal_costs, find_features_seconds, list_costs
from core.displays.cost_format import COST_FORMS
from core.displays.views.cost import Costs
from core.displays.views.front import Front
from core.displays.views.pareto import Pareto
from core.store.comparison import Comparison
from core.store.history import HISTORY
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.same_test_set import RunsOnTestSet
from tests.support.costs import runs_on_test_set, with_cost
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def test_costs_are_means_over_seeds(make_run: RunWriter) -> None:
    runs = [with_cost(make_run, {"latency_seconds": s}, a, seed=i) for i, (s, a) in enumerate([(0.1, 0.8), (0.3, 0.9)])]
    row = compute_costs(runs_on_test_set(*runs)).iloc[0]
    assert (row["seeds"], row["latency_seconds"], row["test_accuracy"]) == (2, pytest.approx(0.2), pytest.approx(0.85))
    assert row["test_accuracy_std"] == pytest.approx(np.std([0.8, 0.9], ddof=1))
    assert row["epoch_seconds"] == 2.0  # six seconds for three epochs
    assert row["accuracy_per_1000_params"] == pytest.approx(85 / 24.586)


def test_first_epoch_and_epochs_saved_by_patience_are_not_counted(make_run: RunWriter) -> None:
    """The first epoch includes tracing. The record of an older run has no epoch time."""
    history = [dict.fromkeys(HISTORY, 0.5) | {"epoch": 1 + i, "seconds": s} for i, s in enumerate((3.6, 3.9, 4.1, 4.4))]
    run = rewrite(make_run(epochs=10), cost={"train_seconds": 4.4}, history=history, epochs=4)
    assert run.record.cost.epoch_seconds is None
    assert list_costs(runs_on_test_set(run))["epoch_seconds"].tolist() == [0.3]
    measured = rewrite(run, cost={"epoch_seconds": 0.25})
    assert list_costs(runs_on_test_set(measured))["epoch_seconds"].tolist() == [0.25]


def test_time_for_the_feature_maps_of_a_frozen_backbone_is_stated_apart(make_run: RunWriter) -> None:
    plain = Costs(Comparison.of([make_run()])).explain_times()
    assert "feature maps" not in plain
    frame = runs_on_test_set(make_run()).runs.assign(frozen=True, features_seconds=12.5)
    assert find_features_seconds(RunsOnTestSet(frame)) == 12.5


def test_missing_cost_of_one_seed_is_left_out_of_the_mean(make_run: RunWriter) -> None:
    lacking, known = make_run(seed=0), with_cost(make_run, {"latency_32_p95_seconds": 0.5}, 0.9, seed=1)
    assert compute_costs(runs_on_test_set(lacking, known))["latency_32_p95_seconds"].tolist() == [0.5]
    assert compute_costs(runs_on_test_set(lacking))["latency_32_p95_seconds"].isna().all()


def test_former_record_without_speed_shows_not_measured(make_run: RunWriter, store: RunStore) -> None:
    path = make_run().path / "record.json"
    record = json.loads(path.read_text())
    del record["cost"]["latency_32_p95_seconds"]
    path.write_text(json.dumps(record))
    run = Run.open(path.parent)
    assert store.frame()["latency_32_p95_seconds"].isna().all()
    comparison = Comparison.of([run])
    table = Costs(comparison).table().set_index("Mean over seeds")["GAP"]
    assert table["Latency, 32 images"].endswith("p95 not measured")
    pareto = Pareto(comparison, cost="latency_32_p95_seconds")
    assert pareto.chart() is None
    assert pareto.describe().endswith("this metric was not measured.")
    assert pareto.table()["Latency, 32 images, p95"].tolist() == ["not measured"]
    assert Front(comparison, cost="latency_32_p95_seconds").describe() == "No cost was measured."


def test_every_cost_has_a_label() -> None:
    assert [*COST_FORMS] == [*COSTS]
    assert len({form.label for form in COST_FORMS.values()}) == len(COSTS)


def test_last_point_has_the_marginal_cost_of_the_last_step(make_run: RunWriter) -> None:
    runs = [
        with_cost(make_run, {"params": params}, accuracy, head=head)
        for head, params, accuracy in (("gap", 1_000, 0.80), ("gap_dense", 3_000, 0.90), ("dense", 8_000, 0.92))
    ]
    steps = compute_marginal_costs(compute_costs(runs_on_test_set(*runs)), ["params"])
    assert steps["value_per_point"].tolist() == pytest.approx([np.nan, 200, 2_500], nan_ok=True)
    text = Front(Comparison.of(runs), cost="params").describe()
    step = "from GAP + Dense to Flatten + Dense (last step), per percentage point of accuracy"
    assert text == f"Marginal cost of accuracy: {step}: Parameters 2,500."


def test_front_of_one_configuration_has_no_steps(make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run()])
    assert "GAP is the cheapest and the most accurate" in Front(comparison, cost="params").describe()
    assert Front(comparison, cost="params").table()["Cost per point"].tolist() == ["–"]


def test_equal_configurations_are_both_on_the_front(make_run: RunWriter) -> None:
    runs = [with_cost(make_run, {"params": 500}, 0.9, head=head) for head in ("gap", "dense")]
    assert Pareto(Comparison.of(runs)).frame()["front"].tolist() == [True, True]
    steps = compute_marginal_costs(compute_costs(runs_on_test_set(*runs)), ["params"])
    assert steps["name"].tolist() == ["GAP", "Flatten + Dense"]
    assert steps["value_per_point"].isna().all()


def test_one_lucky_seed_does_not_put_a_head_on_the_front(make_run: RunWriter) -> None:
    lucky = [with_cost(make_run, {"params": 900}, a, head="gap", seed=s) for s, a in enumerate((0.95, 0.75))]
    steady = [with_cost(make_run, {"params": 800}, a, head="dense", seed=s) for s, a in enumerate((0.9, 0.9))]
    frame = Pareto(Comparison.of([*lucky, *steady])).frame()
    assert frame.groupby("head")["front"].first().to_dict() == {"GAP": False, "Flatten + Dense": True}


def test_zero_cost_uses_a_linear_axis(make_run: RunWriter) -> None:
    runs = [with_cost(make_run, {"latency_seconds": s}, 0.9, head=h) for h, s in (("gap", 0.0), ("dense", 0.1))]
    chart = Pareto(Comparison.of(runs), cost="latency_seconds").chart()
    assert chart is not None
    assert '"type": "log"' not in chart.to_json(indent=None)
    assert "log" in Pareto(Comparison.of(runs), cost="params").chart().to_json()  # type: ignore[union-attr]


def test_every_point_links_to_its_run_and_omitted_points_are_counted(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = Comparison.of([make_run(seed=seed) for seed in range(4)])
    spec = Pareto(comparison, link="compare?runs=").chart().to_dict()  # type: ignore[union-attr]
    urls = {row["url"] for rows in spec["datasets"].values() for row in rows if "url" in row}
    assert urls == {f"compare?runs={run.run_id}" for run in comparison.runs}
    monkeypatch.setattr("core.displays.views.pareto.MAX_POINTS", 3)
    spec = Pareto(comparison).chart().to_dict()  # type: ignore[union-attr]
    assert "3 of 4 runs are drawn" in " ".join(spec["title"]["text"])
    assert "href" not in str(spec)
