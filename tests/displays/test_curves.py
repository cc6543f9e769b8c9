"""Learning curves as drawn: marks for one epoch, common times, log axes, names that stand apart, thinning."""

import doctest
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.curve import MEAN, POINTS, compute_curves, smooth, thin_curves
from core.displays import axis
from core.displays.axis import list_log_ticks, spread_names
from core.displays.views.curves import Curves
from core.spec import RunSpec
from core.store.comparison import Comparison
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter


def train(make_run: RunWriter, seconds: dict[str, tuple[float, ...]], epochs: int = 4, **settings: Any) -> Comparison:
    """Compare heads with one seed per value, in seconds per epoch."""
    return Comparison.of(
        rewrite(make_run(head=head, seed=seed, epochs=epochs, **settings), history=history_of(epochs, seconds=value))
        for head, seeds in seconds.items()
        for seed, value in enumerate(seeds)
    )


def draw(view: Curves) -> dict[str, Any]:
    chart = view.chart()
    assert chart is not None
    spec: dict[str, Any] = chart.to_dict(validate=True)
    json.dumps(spec, allow_nan=False)
    return spec


def layers(spec: dict[str, Any], mark: str) -> Iterator[dict[str, Any]]:
    return (layer for layer in spec["layer"] if layer["mark"]["type"] == mark)


def rows(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    """The data of the first layer with that mark."""
    layer = next(layers(spec, mark))
    found: list[dict[str, Any]] = spec["datasets"][layer.get("data", spec.get("data"))["name"]]
    return found


def read(spec: dict[str, Any]) -> list[dict[str, str]]:
    """What the pointer reads at each place: title to text."""
    tips = next(layers(spec, "rect"))["encoding"]["tooltip"]
    return [{tip["title"]: row[tip["field"]] for tip in tips} for row in rows(spec, "rect")]


def test_place_where_training_went_on_is_marked(make_run: RunWriter) -> None:
    run = rewrite(make_run(epochs=4), history=history_of(4, seconds=2.0), resumed_at=[1, 3])
    for x, places in (("epoch", [1, 3]), ("seconds", [2, 6])):
        spec = draw(Curves(Comparison.of([run]), x=x))
        marks = [data for data in spec["datasets"].values() if any(row.get("text") == "resumed" for row in data)]
        assert [[row[x] for row in data] for data in marks] == [places]


# One epoch


def test_single_epoch_is_drawn_as_points(make_run: RunWriter) -> None:
    spec = draw(Curves(train(make_run, {"gap": (1.0, 2.0), "dense": (1.0,)}, epochs=1)))
    points = [row for row in rows(spec, "line") if row["isolated"]]
    assert {(row["head"], row["seed"]) for row in points} == {
        ("GAP", 0), ("GAP", 1), ("GAP", MEAN), ("Flatten + Dense", 0), ("Flatten + Dense", MEAN),
    }  # fmt: skip
    drawn = [layer for layer in layers(spec, "point") if {"filter": "datum.isolated"} in layer["transform"]]
    assert len(drawn) == 2


def test_lines_of_several_epochs_need_no_points(make_run: RunWriter) -> None:
    spec = draw(Curves(train(make_run, {"gap": (1.0,)}, epochs=2)))
    assert len(rows(spec, "line")) > 1
    assert not any(row["isolated"] for row in rows(spec, "line"))
    assert not [layer for layer in layers(spec, "point") if {"filter": "datum.isolated"} in layer["transform"]]


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_epoch_axis_has_whole_numbers_only(make_run: RunWriter, epochs: int) -> None:
    x = next(layers(draw(Curves(train(make_run, {"gap": (1.0,)}, epochs=epochs))), "line"))["encoding"]["x"]
    assert (x["axis"]["tickMinStep"], x["axis"]["format"]) == (1, ",~f")
    low, high = x["scale"]["domain"]
    assert low < high
    assert [n for n in range(-5, 10) if low <= n <= high] == list(range(1, epochs + 1))


def test_seeds_that_never_train_at_the_same_time_are_drawn_and_named_without_a_mean(make_run: RunWriter) -> None:
    view = Curves(train(make_run, {"gap": (1.0, 5.0)}, epochs=2), x="seconds", seeds=False)
    assert MEAN not in set(view.frame()["seed"])
    assert {row["head"] for row in rows(draw(view), "text")} == {"GAP"}
    assert "GAP (training) has no mean" in view.describe()


# By seconds


def test_pointer_reads_every_head_that_has_a_value_at_that_time(make_run: RunWriter) -> None:
    view = Curves(train(make_run, {"gap": (1.0, 1.3), "dense": (2.0, 2.7)}, epochs=5), x="seconds")
    bounds = {"GAP": (1.3, 5.0), "Flatten + Dense": (2.7, 10.0)}
    places = [row["seconds"] for row in rows(draw(view), "rule")]
    for seconds, read_here in zip(places, read(draw(view)), strict=True):
        for head, (start, end) in bounds.items():
            for split in ("training", "validation"):
                text = read_here[f"{head}, {split}"]
                assert (text != "–") == (start <= seconds <= end), (seconds, head)
                assert text == "–" or text.endswith("%")
    assert {end for _, end in bounds.values()} | {start for start, _ in bounds.values()} <= set(places)


def test_heads_share_the_times_of_their_means(make_run: RunWriter) -> None:
    comparison = train(make_run, {"gap": (1.0, 1.1), "dense": (3.0, 3.2)}, epochs=30)
    means = compute_curves(comparison, "loss", "seconds").query("seed == @MEAN and split == 'training'")
    gap, dense = (set(means.loc[means["head"] == head, "seconds"]) for head in ("GAP", "Flatten + Dense"))
    assert {t for t in dense if min(gap) <= t <= max(gap)} == {t for t in gap if min(dense) <= t <= max(dense)}


def test_description_says_what_a_mean_covers(make_run: RunWriter) -> None:
    several, single = train(make_run, {"gap": (1.0, 2.0)}), train(make_run, {"dense": (1.0,)})
    assert (
        Curves(several, x="seconds")
        .describe()
        .endswith("Means cover the time that all seeds of a head have in common.")
    )
    assert Curves(several).describe().endswith("Means cover the epochs that all seeds of a head have in common.")
    assert "mean" not in Curves(single).describe()


def test_mean_has_a_gap_where_a_seed_has_none(make_run: RunWriter) -> None:
    lost = history_of(3)
    lost[1]["loss"] = None
    runs = [rewrite(make_run(epochs=3, seed=seed), history=h) for seed, h in enumerate([history_of(3), lost])]
    mean = compute_curves(Comparison.of(runs), "loss").query("seed == @MEAN and split == 'training'")
    assert mean["value"].isna().tolist() == [False, True, False]


def test_smoothing_goes_on_after_a_gap() -> None:
    smoothed = smooth(np.array([1.0, np.nan, 3.0]), 0.5)
    assert np.isnan(smoothed).tolist() == [False, True, False]
    assert smoothed[2] == pytest.approx((0.5 * 1 + 3) / 1.5)


# The log axis


def test_accuracy_on_a_log_axis_is_drawn_by_its_error_and_says_so(make_run: RunWriter) -> None:
    history = [*history_of(3), history_of(4)[-1] | {"accuracy": 1.0}]
    view = Curves(Comparison.of([rewrite(make_run(epochs=4), history=history)]), log=True)
    spec = draw(view)
    y = next(layers(spec, "line"))["encoding"]["y"]
    assert y["title"] == "Accuracy (log of 1 − accuracy)"
    assert (y["scale"]["type"], y["scale"]["reverse"]) == ("log", True)
    assert y["axis"]["labelExpr"] == "format(1 - datum.value, '~%')"
    assert y["axis"]["values"] == [0.1, 0.2, 0.5, 1.0]
    training = [row["y"] for row in rows(spec, "line") if row["seed"] == MEAN and row["split"] == "training"]
    assert training[:3] == pytest.approx([1 - row["accuracy"] for row in history[:3] if row["accuracy"] is not None])
    assert training[3] is None  # an error of 0 has no logarithm
    assert read(spec)[-1]["GAP, training"] == "100.00%"


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_curve_without_any_error_still_has_an_axis(make_run: RunWriter, smoothing: float) -> None:
    history = [row | {"accuracy": 1.0, "val_accuracy": 1.0} for row in history_of(5)]
    view = Curves(Comparison.of([rewrite(make_run(epochs=5), history=history)]), log=True, smoothing=smoothing)
    spec = draw(view)
    assert next(layers(spec, "line"))["encoding"]["y"]["axis"]["values"] == [0.1, 0.2, 0.5, 1.0]
    assert all(row["y"] is None for row in rows(spec, "line"))


def test_log_axis_ends_at_a_round_accuracy_that_is_reached(make_run: RunWriter) -> None:
    history = [row | {"accuracy": 0.5, "val_accuracy": 0.9} for row in history_of(2)]
    spec = draw(Curves(Comparison.of([rewrite(make_run(epochs=2), history=history)]), log=True))
    assert next(layers(spec, "line"))["encoding"]["y"]["axis"]["values"] == [0.1, 0.2, 0.5]


def test_pointer_names_a_series_that_has_no_value_at_all(make_run: RunWriter) -> None:
    lost = [row | {"val_loss": None} for row in history_of(2)]
    view = Curves(Comparison.of([rewrite(make_run(epochs=2), history=lost)]), metric="loss")
    assert [row["GAP, validation"] for row in read(draw(view))] == ["–", "–"]


def test_accuracy_is_in_per_cent(make_run: RunWriter) -> None:
    y = next(layers(draw(Curves(train(make_run, {"gap": (1.0,)}))), "line"))["encoding"]["y"]
    assert (y["title"], y["axis"]["format"]) == ("Accuracy", "~%")


positive = st.floats(1e-9, 1e9)


@settings(deadline=None)
@given(positive, positive)
def test_log_ticks_enclose_the_values_closely(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    ticks = list_log_ticks(low, high)
    assert len(ticks) >= 2
    assert ticks[0] <= low < ticks[1]
    assert ticks[-1] >= high
    assert len(ticks) == 2 or ticks[-2] < high
    assert all(f"{tick:e}"[0] in "125" for tick in ticks)


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(axis) == (0, 2)


# The names


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.sampled_from([0.01, 0.06, 0.12]))
def test_names_stand_apart_in_their_order_and_inside(places: list[float], gap: float) -> None:
    spread = spread_names(places, gap, 0.0, 1.0)
    order = sorted(range(len(places)), key=lambda i: places[i])
    assert all(spread[b] - spread[a] >= gap - 1e-9 for a, b in pairwise(order))
    assert -1e-9 <= min(spread) <= max(spread) <= 1


@given(st.lists(st.integers(1, 9), min_size=1, unique=True))
def test_names_far_apart_stay(places: list[int]) -> None:
    assert spread_names([float(place) for place in places], 0.5, 0, 10) == places


@pytest.mark.parametrize("log", [False, True])
def test_names_of_lines_that_end_together_do_not_overprint(make_run: RunWriter, log: bool) -> None:
    heads = ("gap", "gap_linear", "gap_dense", "gmp_dense", "dense", "flatten")
    view = Curves(train(make_run, dict.fromkeys(heads, (1.0,))), metric="loss", log=log)
    spec = draw(view)
    names = rows(spec, "text")
    low, high = next(layers(spec, "line"))["encoding"]["y"]["scale"]["domain"]
    measure = np.log10 if log else np.asarray
    places = np.sort(measure([row["position"] for row in names]))
    assert len(names) == 6
    assert len({row["y"] for row in names}) == 1
    assert np.diff(places).min() >= 0.059 * (measure(high) - measure(low))


def test_long_names_stand_in_a_legend(make_run: RunWriter) -> None:
    runs = [make_run(head="dense", units=units) for units in (32, 256)]
    spec = draw(Curves(Comparison.of(runs)))
    assert not list(layers(spec, "text"))
    assert next(layers(spec, "line"))["encoding"]["color"]["legend"]["columns"] == 1


# Many epochs


@pytest.mark.parametrize("x", ["epoch", "seconds"])
def test_picture_of_many_epochs_is_thinned_and_keeps_the_ends(make_run: RunWriter, x: Any) -> None:
    lengths = {"gap": 1000, "dense": 730}
    comparison = Comparison.of(
        rewrite(make_run(RunSpec(head=head, epochs=epochs)), history=history_of(epochs))
        for head, epochs in lengths.items()
    )
    view = Curves(comparison, x=x)
    lines: dict[tuple[str, int, str], list[float]] = {}
    for row in rows(draw(view), "line"):
        lines.setdefault((row["head"], row["seed"], row["split"]), []).append(row[x])
    assert len(lines) == 8
    for (head, _, _), places in lines.items():
        assert len(places) <= POINTS + 4
        assert (places[0], places[-1]) == (1, 1000 if head == "GAP" else 730)
    assert len(view.frame().query("seed == 0 and head == 'GAP' and split == 'training'")) == 1000


def test_few_epochs_are_all_drawn(make_run: RunWriter) -> None:
    curves = compute_curves(train(make_run, {"gap": (1.0,)}, epochs=POINTS), "loss")
    assert len(thin_curves(curves)) == len(curves)
