"""Axes and labels of learning curves: round and logarithmic ticks, labels without overlap."""

import doctest
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.curve import MEAN
from core.displays import axis
from core.displays.axis import list_log_ticks, spread_names
from core.displays.views.curves import Curves
from core.store.comparison import Comparison
from tests.support.curve_chart import draw, layers, read, rows, train
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_epoch_axis_has_only_whole_numbers(make_run: RunWriter, epochs: int) -> None:
    x = next(layers(draw(Curves(train(make_run, {"gap": (1.0,)}, epochs=epochs))), "line"))["encoding"]["x"]
    assert x["axis"]["values"] == list(range(1, epochs + 1))
    low, high = x["scale"]["domain"]
    assert low < high
    assert [n for n in range(-5, 10) if low <= n <= high] == list(range(1, epochs + 1))


def test_accuracy_on_a_log_axis_is_drawn_as_error_down_to_half_an_image(make_run: RunWriter) -> None:
    history = [*history_of(3), history_of(4)[-1] | {"accuracy": 1.0}]
    run = rewrite(make_run(epochs=4), history=history)
    spec = draw(Curves(Comparison.of([run]), log=True))
    y = next(layers(spec, "line"))["encoding"]["y"]
    floor = 0.5 / run.record.data.train_images
    assert y["title"] == "Accuracy (log of 1 − accuracy)"
    assert (y["scale"]["type"], y["scale"]["reverse"]) == ("log", True)
    assert y["axis"]["labelExpr"] == f"indexof([{floor}], datum.value) >= 0 ? '100%' : format(1 - datum.value, '~%')"
    assert y["axis"]["values"][0] == y["scale"]["domain"][0] == floor
    training = [row["y"] for row in rows(spec, "line") if row["seed"] == MEAN and row["split"] == "training"]
    assert training == pytest.approx([*(1 - row["accuracy"] for row in history[:3] if row["accuracy"]), floor])
    assert read(spec)[-1]["GAP, training"] == "100.00%"
    assert "0.5 errors in 1,149 training images (also for 0)" in list_texts(spec)


def test_each_split_has_its_own_half_image(make_run: RunWriter) -> None:
    run = make_run(epochs=5)
    run = rewrite(run, history=[row | {"accuracy": 1.0, "val_accuracy": 1.0} for row in history_of(5)])
    halves = {split: 0.5 / getattr(run.record.data, f"{split}_images") for split in ("train", "validation")}
    for smoothing in (0.0, 0.3):
        spec = draw(Curves(Comparison.of([run]), log=True, smoothing=smoothing))
        assert next(layers(spec, "line"))["encoding"]["y"]["axis"]["values"][:2] == [*halves.values()]
        assert {row["y"] for row in rows(spec, "line")} == {*halves.values()}
        assert len([text for text in list_texts(spec) if text.startswith("0.5 errors in")]) == 2


def test_loss_of_zero_is_at_the_labelled_end_of_a_log_axis(make_run: RunWriter) -> None:
    history = [row | {"loss": 0.0} for row in history_of(3)]
    y = next(layers(draw(Curves(Comparison.of([rewrite(make_run(), history=history)]), "loss", log=True)), "line"))
    axis = y["encoding"]["y"]["axis"]
    assert axis["labelExpr"].startswith(f"indexof([{axis['values'][0]}], datum.value) >= 0 ? '0'")


def list_texts(spec: dict[str, Any]) -> list[str]:
    return [row["text"] for data in spec["datasets"].values() for row in data if row.get("text")]


def test_label_is_beside_a_line_that_reaches_the_end(make_run: RunWriter) -> None:
    lengths = {"gap": (6, 3), "dense": (6, 6)}
    runs = [
        rewrite(make_run(head=head, seed=seed, epochs=6), history=history_of(epochs))
        for head, seeds in lengths.items()
        for seed, epochs in enumerate(seeds)
    ]
    view = Curves(Comparison.of(runs), metric="loss")
    assert {row["head"]: row["epoch"] for row in rows(draw(view), "text")} == {"Flatten + Dense": 6}
    assert re.search(r"GAP: training [\d.]+ at epoch 3, validation [\d.]+ at epoch 3;", view.describe())
    assert "validation final " in view.describe()


def test_log_axis_ends_at_a_round_accuracy_that_is_reached(make_run: RunWriter) -> None:
    history = [row | {"accuracy": 0.5, "val_accuracy": 0.9} for row in history_of(2)]
    spec = draw(Curves(Comparison.of([rewrite(make_run(epochs=2), history=history)]), log=True))
    assert next(layers(spec, "line"))["encoding"]["y"]["axis"]["values"] == [0.1, 0.2, 0.5]


def test_accuracy_is_in_percent(make_run: RunWriter) -> None:
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


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=5))
def test_scale_of_fractions_stays_between_0_and_100_percent(values: list[float | None]) -> None:
    low, high = axis.scale_shares([value if value is None else value % 1 for value in values]).to_dict()["domain"]
    assert 0 <= low < high <= 1


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_whole_ticks_are_few_and_within_the_axis(a: int, b: int) -> None:
    low, high = min(a, b), max(a, b)
    ticks = axis.list_whole_ticks(low, high)
    assert 1 <= len(ticks) <= 8
    assert all(low <= tick <= high for tick in ticks)


def test_examples_in_the_docstrings_are_correct() -> None:
    assert doctest.testmod(axis) == (0, 3)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.sampled_from([0.01, 0.06, 0.12]))
def test_labels_keep_their_order_and_distance_within_the_range(positions: list[float], gap: float) -> None:
    spread = spread_names(positions, gap, 0.0, 1.0)
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    assert all(spread[b] - spread[a] >= gap - 1e-9 for a, b in pairwise(order))
    assert -1e-9 <= min(spread) <= max(spread) <= 1


@given(st.lists(st.integers(1, 9), min_size=1, unique=True))
def test_distant_labels_keep_their_position(positions: list[int]) -> None:
    assert spread_names([float(position) for position in positions], 0.5, 0, 10) == positions


@pytest.mark.parametrize("log", [False, True])
def test_labels_of_lines_with_the_same_end_do_not_overlap(make_run: RunWriter, log: bool) -> None:
    heads = ("gap", "gap_linear", "gap_dense", "gmp_dense", "dense", "flatten")
    view = Curves(train(make_run, dict.fromkeys(heads, (1.0,))), metric="loss", log=log)
    spec = draw(view)
    names = rows(spec, "text")
    low, high = next(layers(spec, "line"))["encoding"]["y"]["scale"]["domain"]
    measure = np.log10 if log else np.asarray
    positions = np.sort(measure([row["position"] for row in names]))
    assert len(names) == 6
    assert len({row["y"] for row in names}) == 1
    assert np.diff(positions).min() >= 0.059 * (measure(high) - measure(low))


def test_long_labels_are_in_a_legend(make_run: RunWriter) -> None:
    runs = [make_run(head="dense", units=units) for units in (32, 256)]
    spec = draw(Curves(Comparison.of(runs)))
    assert not list(layers(spec, "text"))
    assert next(layers(spec, "line"))["encoding"]["color"]["legend"]["columns"] == 1
