"""Parallel coordinates."""

import pytest

from core.displays.views.parallel import Parallel
from core.store.comparison import Comparison
from tests.support.costs import with_cost
from tests.support.run_writer import RunWriter


def test_brush_selects_the_runs_that_cross_it(make_run: RunWriter) -> None:
    runs = [
        with_cost(make_run, {}, accuracy, blocks=blocks, head=head)
        for head, blocks, accuracy in (("gap", 1, 0.7), ("gap", 2, 0.8), ("dense", 1, 0.9), ("dense", 2, 1.0))
    ]
    display = Parallel(Comparison.of(runs))
    assert display.axes == ["head", "blocks", "params", "test_accuracy"]

    def selected(axes: list[str], low: float, high: float) -> list[str]:
        return display.select({"axis": axes, "position": [low, high]})

    ids = [run.run_id for run in runs]
    assert {*selected(["test_accuracy"], 0.6, 1.0)} == {ids[2], ids[3]}
    assert {*selected(["test_accuracy"], 1.0, 0.6)} == {ids[2], ids[3]}  # dragged from below
    assert {*selected(["blocks"], -0.1, 0.1)} == {ids[0], ids[2]}
    assert {*selected(["head", "test_accuracy"], 0.9, 1.1)} == {ids[2], ids[3]}
    assert {*selected(["head", "test_accuracy"], 0.0, 0.1)} == {ids[0], ids[1]}
    assert selected(["test_accuracy"], 0.4, 0.5) == []
    assert selected(["no such axis"], 0.0, 1.0) == []
    assert display.select({}) == []
    assert display.tabulate(ids[:2])["Test accuracy"].tolist() == ["80.0%", "70.0%"]


def test_head_without_a_setting_has_no_value_of_it(make_run: RunWriter) -> None:
    runs = [make_run(head="gap"), *(make_run(head="dense", units=units) for units in (32, 256))]
    display = Parallel(Comparison.of(runs))
    assert display.select({"axis": ["units"], "position": [0.9, 1]}) == [runs[0].run_id]
    assert dict(display.table()[["Run", "Dense units"]].to_numpy()) == {
        runs[0].run_id: "–", runs[1].run_id: "32", runs[2].run_id: "256",
    }  # fmt: skip


def test_omitted_lines_are_counted(make_run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.displays.views.parallel.MAX_LINES", 2)
    display = Parallel(Comparison.of([make_run(seed=seed) for seed in range(3)]))
    spec = display.chart().to_dict()
    assert "The newest 2 of 3 runs are drawn" in " ".join(spec["title"]["text"])
    drawn = {row["run_id"] for rows in spec["datasets"].values() for row in rows if "run_id" in row}
    assert drawn == {run.run_id for run in display.comparison.runs[1:]}
    assert len(display.select({"axis": ["params"], "position": [0, 1]})) == 3
