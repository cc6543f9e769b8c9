"""Learning curves as drawn: points for one epoch, common times, tooltips, bands, marks, thinning."""

import json
import re
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.analysis.curve import MEAN, POINTS, compute_curves, smooth, thin_curves
from core.displays.views.curves import Curves
from core.spec import RunSpec
from core.store.comparison import Comparison
from tests.support.curve_chart import draw, layers, read, rows, train
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter


def test_continuation_of_training_is_marked(make_run: RunWriter) -> None:
    run = rewrite(make_run(epochs=4), history=history_of(4, seconds=2.0), resumed_at=[1, 3])
    for x, positions in (("epoch", [1, 3]), ("seconds", [2, 6])):
        spec = draw(Curves(Comparison.of([run]), x=x))
        marks = [data for data in spec["datasets"].values() if any(row.get("text") == "continued" for row in data)]
        assert {row[x] for data in marks for row in data} == {*positions}


def test_single_epoch_is_drawn_as_points(make_run: RunWriter) -> None:
    spec = draw(Curves(train(make_run, {"gap": (1.0, 2.0), "dense": (1.0,)}, epochs=1), seeds=True))
    points = [row for row in rows(spec, "line") if row["isolated"]]
    assert {(row["head"], row["seed"]) for row in points} == {
        ("GAP", 0), ("GAP", 1), ("GAP", MEAN), ("Flatten + Dense", 0), ("Flatten + Dense", MEAN),
    }  # fmt: skip
    drawn = [layer for layer in layers(spec, "point") if {"filter": "datum.isolated"} in layer.get("transform", [])]
    assert len(drawn) == 2


def test_lines_of_several_epochs_have_no_points(make_run: RunWriter) -> None:
    spec = draw(Curves(train(make_run, {"gap": (1.0,)}, epochs=2)))
    assert len(rows(spec, "line")) > 1
    assert not any(row["isolated"] for row in rows(spec, "line"))
    assert not [layer for layer in layers(spec, "point") if {"filter": "datum.isolated"} in layer.get("transform", [])]


def test_seeds_without_common_times_are_drawn_without_a_mean(make_run: RunWriter) -> None:
    view = Curves(train(make_run, {"gap": (1.0, 5.0)}, epochs=2), x="seconds", seeds=False)
    assert MEAN not in set(view.frame()["seed"])
    assert {row["head"] for row in rows(draw(view), "text")} == {"GAP"}
    assert "GAP: training has no mean" in view.describe()


def test_tooltip_contains_every_head_with_a_value_at_that_time(make_run: RunWriter) -> None:
    view = Curves(train(make_run, {"gap": (1.0, 1.3), "dense": (2.0, 2.7)}, epochs=5), x="seconds")
    bounds = {"GAP": (1.3, 5.0), "Flatten + Dense": (2.7, 10.0)}
    positions = [row["seconds"] for row in rows(draw(view), "rule")]
    for seconds, read_here in zip(positions, read(draw(view)), strict=True):
        for head, (start, end) in bounds.items():
            for split in ("training", "validation"):
                text = read_here[f"{head}, {split}"]
                assert (text != "–") == (start <= seconds <= end), (seconds, head)
                assert text == "–" or re.fullmatch(r"[\d.]+%( \([\d.]+% to [\d.]+%\))?", text)
    assert {end for _, end in bounds.values()} | {start for start, _ in bounds.values()} <= set(positions)


def test_heads_share_the_times_of_their_means(make_run: RunWriter) -> None:
    comparison = train(make_run, {"gap": (1.0, 1.1), "dense": (3.0, 3.2)}, epochs=30)
    means = compute_curves(comparison, "loss", "seconds").query("seed == @MEAN and split == 'training'")
    gap, dense = (set(means.loc[means["head"] == head, "seconds"]) for head in ("GAP", "Flatten + Dense"))
    assert {t for t in dense if min(gap) <= t <= max(gap)} == {t for t in gap if min(dense) <= t <= max(dense)}


def test_description_states_what_a_mean_covers(make_run: RunWriter) -> None:
    several, single = train(make_run, {"gap": (1.0, 2.0)}), train(make_run, {"dense": (1.0,)})
    assert (
        Curves(several, x="seconds")
        .describe()
        .endswith("Means cover the time that all seeds of a head have in common.")
    )
    assert Curves(several).describe().endswith("Means cover the epochs that all seeds of a head have in common.")
    assert "mean" not in Curves(single).describe()


def test_mean_has_a_gap_where_a_seed_has_one(make_run: RunWriter) -> None:
    lost = history_of(3)
    lost[1]["loss"] = None
    runs = [rewrite(make_run(epochs=3, seed=seed), history=h) for seed, h in enumerate([history_of(3), lost])]
    mean = compute_curves(Comparison.of(runs), "loss").query("seed == @MEAN and split == 'training'")
    assert mean["value"].isna().tolist() == [False, True, False]


def test_smoothing_continues_after_a_gap() -> None:
    smoothed = smooth(np.array([1.0, np.nan, 3.0]), 0.5)
    assert np.isnan(smoothed).tolist() == [False, True, False]
    assert smoothed[2] == pytest.approx((0.5 * 1 + 3) / 1.5)


def test_tooltip_contains_a_series_without_values(make_run: RunWriter) -> None:
    lost = [row | {"val_loss": None} for row in history_of(2)]
    view = Curves(Comparison.of([rewrite(make_run(epochs=2), history=lost)]), metric="loss")
    assert [row["GAP, validation"] for row in read(draw(view))] == ["–", "–"]


def test_band_is_the_stated_spread_of_the_drawn_line(make_run: RunWriter) -> None:
    runs = [
        rewrite(make_run(seed=seed, epochs=4), history=history_of(4, top)) for seed, top in enumerate((0.8, 0.9, 1))
    ]
    values = np.array([run.history["val_accuracy"] for run in runs])
    std = values.std(axis=0, ddof=1)
    for band, half, text in (
        ("std", std, "bands: standard deviation over seeds"),
        ("interval", std * stats.t.ppf(0.975, 2) / 3**0.5, "bands: 95% interval over seeds"),
        ("none", None, None),
    ):
        view = Curves(Comparison.of(runs), band=band)
        areas = [*layers(draw(view), "area")]
        assert (text or "bands") in view.describe() or half is None
        assert len(areas) == (half is not None)
        if half is not None:
            drawn = [row for row in rows(draw(view), "area") if row["seed"] == MEAN and row["split"] == "validation"]
            mean = values.mean(axis=0)
            assert [row["y_low"] for row in drawn] == pytest.approx(np.maximum(mean - half, 0))
            assert [row["y_high"] for row in drawn] == pytest.approx(np.minimum(mean + half, 1))
    assert not [*layers(draw(Curves(Comparison.of(runs[:1]))), "area")]  # one seed has no spread


def test_smoothed_mean_has_a_faint_line_of_the_values_before(make_run: RunWriter) -> None:
    view = Curves(train(make_run, {"gap": (1.0,)}), smoothing=0.6)
    drawn = [row for row in rows(draw(view), "line") if row["split"] == "validation"]
    assert [row["y_raw"] for row in drawn] == pytest.approx([row["val_accuracy"] for row in history_of(4)])
    assert drawn[-1]["y"] < drawn[-1]["y_raw"]
    assert "faint lines: before smoothing (0.6)" in view.describe()
    fields = [layer["encoding"]["y"].get("field") for layer in layers(draw(view), "line")]
    assert fields.count("y_raw") == 1
    assert "y_raw" not in json.dumps(draw(Curves(view.comparison)))


def test_longer_seed_continues_as_a_thin_line(make_run: RunWriter) -> None:
    runs = [
        rewrite(make_run(seed=seed, epochs=6), history=history_of(length), epochs=length)
        for seed, length in enumerate((3, 6))
    ]
    view = Curves(Comparison.of(runs))
    thin = [row["epoch"] for row in rows(draw(view), "line") if row["seed"] == 1 and row["split"] == "training"]
    assert thin == [3, 4, 5, 6]
    assert "single seeds beyond the end of their mean" in view.describe()


def test_epoch_range_limits_the_chart_and_not_the_data(make_run: RunWriter) -> None:
    comparison = train(make_run, {"gap": (1.0, 2.0)}, epochs=8)
    for x, ends in (("epoch", (3, 5)), ("seconds", (3.0, 10.0))):
        view = Curves(comparison, x=x, first_epoch=3, last_epoch=5)
        domain = next(layers(draw(view), "line"))["encoding"]["x"]["scale"]["domain"]
        assert ends[0] <= domain[0] < domain[1] <= ends[1]
        assert view.frame()["epoch"].max() == 8
    assert domain == [3.0, 10.0]
    assert draw(Curves(comparison, first_epoch=5, last_epoch=3)) == draw(
        Curves(comparison, first_epoch=3, last_epoch=5)
    )


def test_heads_can_be_hidden_by_setting_and_by_legend(make_run: RunWriter) -> None:
    comparison = train(make_run, {"gap": (1.0,), "gap_dense": (1.0,), "dense": (1.0,)})
    spec = draw(Curves(comparison))
    assert [param["bind"] for param in spec["params"] if "bind" in param] == ["legend"]
    color = next(layers(spec, "line"))["encoding"]["color"]
    assert "✕" in color["legend"]["labelExpr"]
    conditions = [layer["encoding"]["opacity"]["condition"] for layer in (*layers(spec, "line"), *layers(spec, "text"))]
    assert {condition["param"] for condition in conditions} == {"hidden_lines"}
    for view in (Curves(comparison, shown=("GAP",)), Curves(comparison, head="GAP")):
        assert set(view.frame()["head"]) == set(view.table()["Head"]) == {"GAP"}
        own = next(layers(draw(view), "line"))["encoding"]["color"]
        assert own["scale"]["range"] == [color["scale"]["range"][0]]  # a head keeps its color
        assert "Dense" not in view.describe()


def test_best_epoch_of_each_mean_is_marked(make_run: RunWriter) -> None:
    history = [
        row | {"val_accuracy": value, "val_loss": 1 - value}
        for row, value in zip(history_of(3), (0.5, 0.9, 0.7), strict=True)
    ]
    comparison = Comparison.of([rewrite(make_run(), history=history)])
    for metric in ("accuracy", "loss"):
        [mark] = [
            layer for layer in layers(draw(Curves(comparison, metric)), "point") if layer["mark"].get("filled") is False
        ]
        spec = draw(Curves(comparison, metric))
        assert [row["epoch"] for row in spec["datasets"][mark["data"]["name"]]] == [2]
    assert "open marks" not in Curves(comparison, marks=False).describe()


def test_table_contains_best_and_last_values_with_their_epochs(make_run: RunWriter) -> None:
    comparison = train(make_run, {"gap": (1.0, 3.0), "dense": (2.0,)})
    table = Curves(comparison, splits="validation").table().set_index("Head")
    assert table.loc["Flatten + Dense"].tolist() == ["Validation accuracy", "84.4%", "4", "84.4%", "4", "1"]
    time = Curves(comparison, "epoch_seconds").table().set_index("Head")
    assert time.loc["GAP", "Last"] == "2.00 s ± 1.41 s"
    assert Curves(comparison, "learning_rate").table()["Lowest"].tolist() == ["0.001", "0.001"]


@pytest.mark.parametrize("x", ["epoch", "seconds"])
def test_chart_of_many_epochs_is_thinned_and_keeps_the_ends(make_run: RunWriter, x: Any) -> None:
    lengths = {"gap": 1000, "dense": 730}
    comparison = Comparison.of(
        rewrite(make_run(RunSpec(head=head, epochs=epochs)), history=history_of(epochs))
        for head, epochs in lengths.items()
    )
    view = Curves(comparison, x=x, seeds=True)
    lines: dict[tuple[str, int, str], list[float]] = {}
    for row in rows(draw(view), "line"):
        lines.setdefault((row["head"], row["seed"], row["split"]), []).append(row[x])
    assert len(lines) == 8
    for (head, _, _), positions in lines.items():
        assert len(positions) <= POINTS + 4
        assert (positions[0], positions[-1]) == (1, 1000 if head == "GAP" else 730)
    assert len(view.frame().query("seed == 0 and head == 'GAP' and split == 'training'")) == 1000


def test_few_epochs_are_all_drawn(make_run: RunWriter) -> None:
    curves = compute_curves(train(make_run, {"gap": (1.0,)}, epochs=POINTS), "loss")
    assert len(thin_curves(curves)) == len(curves)


def test_kept_epoch_has_a_ring(make_run: RunWriter) -> None:
    run = make_run(epochs=4, keep="best_val_accuracy")
    assert "open marks: best epoch of each validation line" in Curves(Comparison.of([make_run(epochs=4)])).describe()
    curves = Curves(Comparison.of([rewrite(run, kept_epoch=2)]))
    rings = [
        layer for layer in curves.chart().to_dict()["layer"]
        if layer["mark"].get("type") == "point" and layer["mark"].get("filled") is False and "data" in layer
    ]  # fmt: skip
    assert len(rings) == 1
    rows = curves.chart().to_dict()["datasets"][rings[0]["data"]["name"]]
    assert {row["epoch"] for row in rows} == {2}
    assert "open marks: accuracies measured at the best epoch (2, by validation accuracy)" in curves.describe()


def test_training_loss_with_penalty_of_an_earlier_version_is_noted(make_run: RunWriter) -> None:
    old, new = make_run(l2=0.01), make_run(l2=0.01, seed=1)
    for run, version, noted in ((old, 1, True), (new, 2, False), (make_run(), 1, False)):
        curves = Curves(Comparison.of([rewrite(run, version=version)]), metric="loss")
        assert ("the training loss of GAP includes the L2 penalty" in curves.describe()) == noted


@pytest.mark.parametrize("by_time", [False, True])
def test_many_long_lines_are_drawn_with_fewer_points(by_time: bool) -> None:
    lines = [
        pd.DataFrame({"head": f"head {n}", "seed": MEAN, "split": "training", "value": range(500)}) for n in range(800)
    ]
    curves = pd.concat(lines, ignore_index=True)
    curves["epoch"] = np.nan if by_time else curves["value"] + 1
    thinned = thin_curves(curves)
    counts = thinned.groupby("head").size()
    assert (counts.min() >= 25, counts.max() <= 26, thinned["value"].max()) == (True, True, 499)
    few = thin_curves(curves[curves["head"].isin([f"head {n}" for n in range(100)])])
    assert len(few) == (50_000 if by_time else 20_000)
    chart = alt.Chart(thinned).mark_line().encode(x="epoch:Q", y="value:Q").to_dict()  # Altair's limit is 5,000 rows
    assert sum(map(len, chart["datasets"].values())) == len(thinned)
