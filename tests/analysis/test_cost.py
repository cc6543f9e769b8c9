"""What accuracy costs and what knobs do to it: fronts against brute force, figures against published ones, corners."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.analysis.cost import COSTS, compute_costs, compute_staircase, list_costs
from core.analysis.interval import compute_mean_interval
from core.analysis.knob_curve import COLUMNS, compute_knob_curve, list_knobs
from core.analysis.pareto import compute_front, compute_steps
from core.displays.cost import COST_FORMS
from core.displays.views.cost import Costs
from core.displays.views.front import Front
from core.displays.views.knob_curve import KnobCurve
from core.displays.views.parallel import Parallel
from core.displays.views.pareto import Pareto
from core.store.comparison import Comparison
from core.store.peers import Peers
from core.store.run import Run
from core.store.runs import RunStore
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

# Few values, so that there are ties; NaN is what was not measured.
VALUES = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, float("nan")])
POINTS = st.lists(st.tuples(VALUES, VALUES), max_size=9)


def of(points: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    array = np.array(points, dtype=np.float64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def with_cost(make_run: RunWriter, cost: dict[str, Any], accuracy: float, **knobs: Any) -> Run:
    """With exactly that test accuracy in its record."""
    return rewrite(make_run(**knobs), cost=cost, metrics={"test_accuracy": accuracy})


def peers_of(*runs: Run) -> Peers:
    return Peers.of(Comparison.of(runs))


# The front


@given(POINTS)
@example([])
@example([(1.0, 1.0), (1.0, 1.0)])
def test_front_is_what_no_other_point_beats(points: list[tuple[float, float]]) -> None:
    known = [point for point in points if not np.isnan(point).any()]
    beaten = [any(c <= cost and g >= gain and (c < cost or g > gain) for c, g in known) for cost, gain in points]
    expected = [not (b or np.isnan(point).any()) for b, point in zip(beaten, points, strict=True)]
    assert compute_front(*of(points)).tolist() == expected


@given(POINTS)
def test_steps_climb_the_front_from_cheap_to_dear(points: list[tuple[float, float]]) -> None:
    cost, gain = of(points)
    steps, front = compute_steps(cost, gain), compute_front(cost, gain)
    assert {*zip(steps["cost"], steps["gain"], strict=True)} == {*zip(cost[front], gain[front], strict=True)}
    assert steps["rate"].isna().tolist() == [i == 0 for i in range(len(steps))]
    assert (steps["extra_cost"].dropna() > 0).all()
    assert (steps["extra_gain"].dropna() > 0).all()


def test_rates_are_those_of_a_published_table() -> None:
    """Aust. N.Z. Health Policy 2005, 2:10, table 7: incremental costs, life years gained, and their ratios."""
    cost = np.array([140_117_791, 248_112_291, 304_301_903, 370_181_240, 422_777_702], dtype=np.float64)
    steps = compute_steps(cost, np.array([3_551.0, 6_023, 6_720, 7_076, 7_299]))
    assert steps["extra_cost"].tolist()[1:] == [107_994_500, 56_189_612, 65_879_337, 52_596_462]
    assert steps["extra_gain"].tolist()[1:] == [2_472, 697, 356, 223]
    assert steps["rate"].round().tolist()[1:] == [43_687, 80_616, 185_054, 235_859]


# Costs


def test_costs_are_means_over_the_seeds(make_run: RunWriter) -> None:
    runs = [with_cost(make_run, {"latency_seconds": s}, a, seed=i) for i, (s, a) in enumerate([(0.1, 0.8), (0.3, 0.9)])]
    row = compute_costs(peers_of(*runs)).iloc[0]
    assert (row["seeds"], row["latency_seconds"], row["test_accuracy"]) == (2, pytest.approx(0.2), pytest.approx(0.85))
    assert row["test_accuracy_spread"] == pytest.approx(np.std([0.8, 0.9], ddof=1))
    assert row["epoch_seconds"] == 2.0  # six seconds for three epochs
    assert row["accuracy_per_1000_params"] == pytest.approx(85 / 24.586)


def test_epochs_that_patience_saved_are_not_counted(make_run: RunWriter) -> None:
    run = rewrite(make_run(epochs=10), cost={"train_seconds": 12.0}, epochs=4)
    assert list_costs(peers_of(run))["epoch_seconds"].tolist() == [3.0]


def test_cost_that_one_seed_lacks_is_the_mean_of_the_others(make_run: RunWriter) -> None:
    lacking, known = make_run(seed=0), with_cost(make_run, {"latency_32_p95_seconds": 0.5}, 0.9, seed=1)
    assert compute_costs(peers_of(lacking, known))["latency_32_p95_seconds"].tolist() == [0.5]
    assert compute_costs(peers_of(lacking))["latency_32_p95_seconds"].isna().all()


def test_record_without_the_tail_of_a_batch_is_read_and_told_as_not_measured(
    make_run: RunWriter, store: RunStore
) -> None:
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
    assert pareto.describe().endswith("none has this figure.")
    assert pareto.table()["Latency, 32 images, p95"].tolist() == ["not measured"]
    assert Front(comparison, cost="latency_32_p95_seconds").describe() == "No cost was measured."


def test_every_cost_has_a_name() -> None:
    assert [*COST_FORMS] == [*COSTS]
    assert len({form.label for form in COST_FORMS.values()}) == len(COSTS)


def test_last_point_costs_the_last_step_by_its_points(make_run: RunWriter) -> None:
    runs = [
        with_cost(make_run, {"params": params}, accuracy, head=head)
        for head, params, accuracy in (("gap", 1_000, 0.80), ("gap_dense", 3_000, 0.90), ("dense", 8_000, 0.92))
    ]
    steps = compute_staircase(compute_costs(peers_of(*runs)), ["params"])
    assert steps["value_per_point"].tolist() == pytest.approx([np.nan, 200, 2_500], nan_ok=True)
    said = Front(Comparison.of(runs), cost="params").describe()
    assert said == "Parameters: 2,500 for the last point of accuracy, from GAP + Dense to Flatten + Dense."


def test_front_of_one_setting_leaves_nothing_to_buy(make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run()])
    assert "GAP is the cheapest and the most accurate" in Front(comparison, cost="params").describe()
    assert Front(comparison, cost="params").table()["One point costs"].tolist() == ["–"]


def test_settings_that_are_equal_stand_on_the_front_together(make_run: RunWriter) -> None:
    runs = [with_cost(make_run, {"params": 500}, 0.9, head=head) for head in ("gap", "dense")]
    assert Pareto(Comparison.of(runs)).frame()["front"].tolist() == [True, True]
    steps = compute_staircase(compute_costs(peers_of(*runs)), ["params"])
    assert steps["name"].tolist() == ["GAP", "Flatten + Dense"]
    assert steps["value_per_point"].isna().all()


def test_luckiest_seed_makes_no_front(make_run: RunWriter) -> None:
    lucky = [with_cost(make_run, {"params": 900}, a, head="gap", seed=s) for s, a in enumerate((0.95, 0.75))]
    steady = [with_cost(make_run, {"params": 800}, a, head="dense", seed=s) for s, a in enumerate((0.9, 0.9))]
    frame = Pareto(Comparison.of([*lucky, *steady])).frame()
    assert frame.groupby("head")["front"].first().to_dict() == {"GAP": False, "Flatten + Dense": True}


def test_cost_of_nothing_is_drawn_on_a_plain_axis(make_run: RunWriter) -> None:
    runs = [with_cost(make_run, {"latency_seconds": s}, 0.9, head=h) for h, s in (("gap", 0.0), ("dense", 0.1))]
    chart = Pareto(Comparison.of(runs), cost="latency_seconds").chart()
    assert chart is not None
    assert '"type": "log"' not in chart.to_json(indent=None)
    assert "log" in Pareto(Comparison.of(runs), cost="params").chart().to_json()  # type: ignore[union-attr]


def test_times_of_several_processors_are_told(make_run: RunWriter) -> None:
    runs = [make_run(head="gap"), rewrite(make_run(head="dense"), cpu="another")]
    note = " ".join(Pareto(Comparison.of(runs), cost="epoch_seconds").chart().to_dict()["title"]["text"])  # type: ignore[union-attr]
    assert "Times are of 2 kinds of processors" in note
    note = " ".join(Pareto(Comparison.of(runs), cost="params").chart().to_dict()["title"]["text"])  # type: ignore[union-attr]
    assert "processors" not in note


def test_every_point_links_to_its_run_and_those_too_many_to_draw_are_counted(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = Comparison.of([make_run(seed=seed) for seed in range(4)])
    spec = Pareto(comparison, link="compare?runs=").chart().to_dict()  # type: ignore[union-attr]
    urls = {row["url"] for rows in spec["datasets"].values() for row in rows if "url" in row}
    assert urls == {f"compare?runs={run.run_id}" for run in comparison.runs}
    monkeypatch.setattr("core.displays.views.pareto.MOST_POINTS", 3)
    spec = Pareto(comparison).chart().to_dict()  # type: ignore[union-attr]
    assert "3 of 4 runs are drawn" in " ".join(spec["title"]["text"])
    assert "href" not in str(spec)


# Peers


def test_peers_are_all_runs_on_the_same_images(make_run: RunWriter, store: RunStore) -> None:
    mine = [make_run(head=head) for head in ("gap", "dense")]
    other = make_run(head="dense", units=32)
    make_run(head="gap", seed=1, test_images=100)  # other images
    peers = Peers.within(Comparison.of(mine), store.frame())
    assert {*peers.runs["run_id"]} == {run.run_id for run in (*mine, other)}
    assert peers.knobs == ["units"]
    names = ["GAP", "Flatten + Dense · 32 dense units", "Flatten + Dense · 256 dense units"]
    assert peers.runs["name"].tolist() == names
    assert Peers.within(Comparison.of(mine), store.frame()).__str__() == str(peers)
    assert str(Peers.of(Comparison.of(mine))) != str(peers)


def test_peers_of_a_comparison_are_those_of_the_list(make_run: RunWriter, store: RunStore) -> None:
    comparison = Comparison.of(
        make_run(head=head, seed=seed, train_images=images)
        for head in ("gap", "dense") for seed in (0, 1) for images in (500, None)
    )  # fmt: skip
    alone, listed = Peers.of(comparison), Peers.within(comparison, store.frame())
    columns = ["run_id", "setting", "name"]
    pd.testing.assert_frame_equal(alone.runs[columns], listed.runs[columns])
    assert alone.knobs == listed.knobs == ["train_images"]


# Accuracy over a knob


def test_curve_is_of_runs_that_differ_in_nothing_else(make_run: RunWriter) -> None:
    accuracies = {8: (0.7, 0.8), 16: (0.85, 0.87)}
    runs = [
        with_cost(make_run, {}, accuracy, filters=filters, seed=seed)
        for filters, both in accuracies.items() for seed, accuracy in enumerate(both)
    ]  # fmt: skip
    alone = make_run(filters=32, epochs=5)
    curve = compute_knob_curve(peers_of(*runs, alone), "filters")
    means = curve[curve["seed"] == -1]
    assert means["value"].tolist() == ["8", "16"]
    assert means["test_accuracy"].tolist() == pytest.approx([0.75, 0.86])
    assert means[["lowest", "highest"]].to_numpy().tolist() == [[0.7, 0.8], [0.85, 0.87]]
    interval = compute_mean_interval([0.85, 0.87])
    assert interval
    assert means["low"].iloc[1] == pytest.approx(interval.low)
    assert means["high"].tolist() == [1.0, pytest.approx(min(interval.high, 1.0))]  # no accuracy is above one
    assert {*curve["run_id"]} == {run.run_id for run in runs} | {""}
    note = " ".join(KnobCurve(Comparison.of([*runs, alone])).chart().to_dict()["title"]["text"])  # type: ignore[union-attr]
    assert "1 run with no partner that differs in this knob alone is left out" in note


def test_values_stand_in_their_order_and_all_of_them_last(make_run: RunWriter) -> None:
    runs = [make_run(train_images=images) for images in (1_000, None, 200)]
    curve = compute_knob_curve(peers_of(*runs), "train_images")
    assert curve.drop_duplicates("place")["value"].tolist() == ["200", "1,000", "all"]


def test_text_may_be_a_knob(make_run: RunWriter) -> None:
    runs = [make_run(augmentation=steps) for steps in ("flip_horizontal=0.5", "", "rotation=10")]
    curve = compute_knob_curve(peers_of(*runs), "augmentation")
    assert curve.drop_duplicates("place")["value"].tolist() == ["none", "flip_horizontal=0.5", "rotation=10"]


def test_head_without_the_knob_stands_at_each_value(make_run: RunWriter) -> None:
    runs = [*(make_run(head="dense", units=units) for units in (32, 256)), make_run(head="gap")]
    elsewhere = make_run(head="gap", epochs=5)  # unlike any of the others
    curve = compute_knob_curve(peers_of(*runs, elsewhere), "units")
    level = curve[~curve["applies"].astype(bool)]
    assert {*level["head"]} == {"GAP"}
    assert {*level["run_id"]} == {runs[2].run_id, ""}
    assert level[level["seed"] == -1]["value"].tolist() == ["32", "256"]
    assert KnobCurve(Comparison.of(runs)).table()["Value"].tolist() == ["any (32)", "any (256)", "32", "256"]


def test_series_are_told_apart_by_their_other_knobs(make_run: RunWriter) -> None:
    runs = [make_run(blocks=blocks, filters=filters) for blocks in (1, 2) for filters in (8, 16)]
    peers = peers_of(*runs)
    assert list_knobs(peers) == ["blocks", "filters"]
    curve = compute_knob_curve(peers, "blocks")
    assert [*dict.fromkeys(curve["rest"])] == ["8 filters", "16 filters"]
    frame = KnobCurve(Comparison.of(runs)).frame()
    assert [*dict.fromkeys(frame["knob"])] == ["blocks", "filters"]


def test_runs_without_a_partner_have_no_curve(make_run: RunWriter) -> None:
    runs = [make_run(blocks=1, filters=8), make_run(blocks=2, filters=16)]
    assert list_knobs(peers_of(*runs)) == []
    assert compute_knob_curve(peers_of(*runs), "blocks").columns.tolist() == [*COLUMNS]
    display = KnobCurve(Comparison.of(runs))
    assert display.chart() is None
    assert display.frame().empty
    assert "No two runs differ in one knob alone" in display.describe()


def test_one_seed_has_no_interval(make_run: RunWriter) -> None:
    display = KnobCurve(Comparison.of([make_run(blocks=1), make_run(blocks=2)]))
    assert display.table()["Over the seeds"].tolist() == ["one seed", "one seed"]
    assert display.table()["Interval (95 %)"].tolist() == ["–", "–"]


# Parallel coordinates


def test_brush_chooses_the_runs_that_cross_it(make_run: RunWriter) -> None:
    runs = [
        with_cost(make_run, {}, accuracy, blocks=blocks, head=head)
        for head, blocks, accuracy in (("gap", 1, 0.7), ("gap", 2, 0.8), ("dense", 1, 0.9), ("dense", 2, 1.0))
    ]
    display = Parallel(Comparison.of(runs))
    assert display.axes == ["head", "blocks", "params", "test_accuracy"]

    def chosen(axes: list[str], low: float, high: float) -> list[str]:
        return display.select({"axis": axes, "position": [low, high]})

    ids = [run.run_id for run in runs]
    assert {*chosen(["test_accuracy"], 0.6, 1.0)} == {ids[2], ids[3]}
    assert {*chosen(["test_accuracy"], 1.0, 0.6)} == {ids[2], ids[3]}  # dragged from below
    assert {*chosen(["blocks"], -0.1, 0.1)} == {ids[0], ids[2]}
    assert {*chosen(["head", "test_accuracy"], 0.9, 1.1)} == {ids[2], ids[3]}
    assert {*chosen(["head", "test_accuracy"], 0.0, 0.1)} == {ids[0], ids[1]}
    assert chosen(["test_accuracy"], 0.4, 0.5) == []
    assert chosen(["no such axis"], 0.0, 1.0) == []
    assert display.select({}) == []
    assert display.tabulate(ids[:2])["Test accuracy"].tolist() == ["80.0 %", "70.0 %"]


def test_head_without_a_knob_has_no_value_of_it(make_run: RunWriter) -> None:
    runs = [make_run(head="gap"), *(make_run(head="dense", units=units) for units in (32, 256))]
    display = Parallel(Comparison.of(runs))
    assert display.select({"axis": ["units"], "position": [0.9, 1]}) == [runs[0].run_id]
    assert dict(display.table()[["Run", "Dense units"]].to_numpy()) == {
        runs[0].run_id: "–", runs[1].run_id: "32", runs[2].run_id: "256",
    }  # fmt: skip


def test_lines_that_are_too_many_are_counted(make_run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.displays.views.parallel.MOST_LINES", 2)
    display = Parallel(Comparison.of([make_run(seed=seed) for seed in range(3)]))
    spec = display.chart().to_dict()
    assert "The newest 2 of 3 runs are drawn" in " ".join(spec["title"]["text"])
    drawn = {row["run_id"] for rows in spec["datasets"].values() for row in rows if "run_id" in row}
    assert drawn == {run.run_id for run in display.comparison.runs[1:]}
    assert len(display.select({"axis": ["params"], "position": [0, 1]})) == 3
