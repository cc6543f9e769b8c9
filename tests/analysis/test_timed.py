"""Times of several machines: those of one are shown, the others are named, and none is compared."""

import pandas as pd
import pytest

from core.analysis.checks import processor
from core.analysis.cost import CLOCKED
from core.analysis.timed import find_timed_rows
from core.displays.display import DISPLAYS
from core.displays.page_summary import write_curves
from core.displays.views.pareto import Pareto
from core.displays.views.tiles import Tiles
from core.store.comparison import Comparison
from core.store.machine import Machine, list_machines
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

CPU = "a processor"
STRANGE = 7777.125  # seconds, on the other machine


@pytest.fixture
def mixed(make_run: RunWriter) -> Comparison:
    """Two machines whose processors have one name: three runs on the first, one on the second."""
    own = [rewrite(make_run(head=head), cores=2) for head in ("gap", "gap_dense", "flatten")]
    other = rewrite(make_run(head="dense"), cores=64, cost=dict.fromkeys(CLOCKED, STRANGE))
    return Comparison.of([*own, other])


def test_times_of_another_machine_are_in_no_display(mixed: Comparison) -> None:
    """The time axis of learning curves is the history of one run; no display derives a cost from it."""
    for display in DISPLAYS.values():
        shown = display(mixed)
        if not shown.available.variants:
            continue
        texts = [shown.describe(), shown.frame().to_csv(), shown.table().to_csv()]
        assert not [text for text in texts if "7777.125" in text or "2 h 10 min" in text], display.name
    for cost in CLOCKED:
        assert "7777.125" not in Pareto(mixed, cost=cost).frame().to_csv()
    assert "2 h 10 min" not in write_curves(mixed)


def test_other_machines_are_named(mixed: Comparison) -> None:
    note = "Times are those of a processor (2 cores). Not shown, because they are not comparable: 1 run on a processor "
    for name in ("cost", "pareto"):
        display = DISPLAYS[name]
        chart = (display(mixed, cost="latency_seconds") if name == "pareto" else display(mixed)).chart()
        assert note in " ".join(chart.to_dict()["title"]["text"])
    found = processor.processor.run(mixed)
    assert found.state == "failed"
    assert note + "(64 cores)." in found.message
    for settings in ({"x": "seconds"}, {"metric": "epoch_seconds"}):
        text = DISPLAYS["curves"](mixed, **settings).describe()
        assert "times of different machines are not comparable: a processor (2 cores), a processor (64 cores)" in text
    assert "machines" not in DISPLAYS["curves"](mixed).describe()
    assert "Times" not in " ".join(Pareto(mixed, cost="params").chart().to_dict()["title"]["text"])  # type: ignore[union-attr]


def test_a_latency_is_not_compared_with_that_of_another_machine(make_run: RunWriter) -> None:
    runs = rewrite(make_run(head="gap"), cores=2), rewrite(make_run(head="dense"), cores=64)
    rows = Tiles(Comparison.of(runs)).table().set_index("Metric")
    assert rows.loc["Latency per image", "Difference"] == "measured on different machines"
    runs = rewrite(make_run(head="gap"), cores=2), rewrite(make_run(head="dense"), cores=2)
    rows = Tiles(Comparison.of(runs)).table().set_index("Metric")
    assert rows.loc["Latency per image", "Difference"].endswith("faster")


@pytest.mark.parametrize(
    ("measured", "machines"),
    [
        ([(CPU, 2), (CPU, None), (CPU, 2)], 1),  # older records lack the number of cores
        ([(CPU, None), (CPU, None)], 1),
        ([(CPU, None), (CPU, 2), (CPU, 8)], 2),
        ([(CPU, 2), ("another", 2)], 2),
        ([(CPU, 2), ("another", None)], 2),
        ([("", None), (CPU, 2)], 2),
    ],
)
def test_machines_differ_in_the_processor_or_the_number_of_cores(
    measured: list[tuple[str, int | None]], machines: int
) -> None:
    assert len({*list_machines(measured)}) == machines
    for one in measured:
        assert Machine(*one).fits(Machine(*one))


def test_runs_without_a_latency_do_not_choose_the_machine() -> None:
    """Runs from elsewhere often lack it."""
    rows = [(f"{number:012x}", "elsewhere", None, None) for number in range(3)] + [("dense", CPU, 2, 0.001)]
    frame = pd.DataFrame(rows, columns=["run_id", "cpu", "cores", "latency_seconds"])
    assert (found := find_timed_rows(frame)).machine == Machine(CPU, 2)
    assert found.run_ids == {"dense"}
