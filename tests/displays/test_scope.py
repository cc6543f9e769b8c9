"""Every display states the scope of its intervals, and its number of images if not all are used."""

import json
import re

import pytest

from core.analysis.summary import compute_seed_mean
from core.displays.display import DISPLAYS, Display
from core.displays.headline import write_facts, write_headline
from core.displays.number import format_accuracy, format_loss
from core.displays.scope import describe_intervals
from core.displays.views.calibration import CalibrationErrors
from core.displays.views.pareto import Pareto
from core.displays.views.reliability import MIN_PREDICTIONS, Reliability
from core.home import Home
from core.store.comparison import Comparison
from tests.support.comparison_cases import Comparisons
from tests.support.run_writer import RunWriter

COVERAGE = re.compile(r"95% intervals cover (test images|seeds)")
NO_NOTE = {"hyperparameter_curve"}  # its chart has no intervals, only its table


def list_displays(home: Home, comparison: Comparison) -> list[Display]:
    return [
        kind(comparison, **({"home": home} if "home" in kind.__dataclass_fields__ else {}))
        for kind in DISPLAYS.values()
    ]


@pytest.mark.parametrize("case", ["two_heads_three_seeds", "three_heads"])
def test_every_interval_says_what_it_covers(comparisons: Comparisons, case: str) -> None:
    home, comparison = comparisons(case)
    faults = []
    for display in list_displays(home, comparison):
        table = display.table()
        stated = [text for text in table.map(str).to_numpy().ravel() if "95% interval" in text]
        if (not stated and not any("95% interval" in column for column in table.columns)) or table.empty:
            continue
        if not COVERAGE.search(display.describe()):
            faults.append(f"{display.name}: description")
        chart = display.chart()
        drawn = " ".join(re.findall(r'"text": (\[[^\]]*\])', json.dumps(chart.to_dict()))) if chart else ""
        if chart is not None and display.name not in NO_NOTE and not COVERAGE.search(re.sub(r'", "', " ", drawn)):
            faults.append(f"{display.name}: chart")
    assert faults == []
    if "95% interval" in write_headline(comparison):
        assert any(COVERAGE.search(fact) for fact in write_facts(comparison))


def test_coverage_depends_on_the_seeds_behind_the_intervals() -> None:
    several, one, both = (describe_intervals(seeds) for seeds in ([3, 2], [1, 1], [3, 1]))
    assert several == "95% intervals cover test images and seeds."
    assert "not to other seeds" in one
    assert "single seed" in both
    assert "seeds only" in describe_intervals([3], images=False)


def test_every_display_on_a_subset_of_the_images_counts_them(comparisons: Comparisons) -> None:
    home, comparison = comparisons("two_heads_three_seeds")
    total = comparison.first.record.data.test_images
    found = {}
    for display in list_displays(home, comparison):
        frame = display.frame()
        if {"images", "seeds"} <= {*frame.columns} and "label" not in frame and int(frame["images"].max()) < total:
            found[display.name] = f"{frame['images'].iloc[0]} of {total} test images" in display.describe()
    assert found == {"robustness": True, "robustness_loss": True}
    home, comparison = comparisons("not_a_number")
    assert "540 predictions without a finite probability are excluded." in CalibrationErrors(comparison).describe()


def test_bins_with_few_predictions_are_counted_and_not_drawn(make_run: RunWriter) -> None:
    display = Reliability(Comparison.of([make_run(head="gap", accuracy=0.6)]))
    few = display.frame()["predictions"].between(1, MIN_PREDICTIONS - 1).sum()
    chart = display.chart()
    assert few
    assert chart is not None
    drawn = [row["predictions"] for rows in chart.to_dict()["datasets"].values() for row in rows if "head" in row]
    assert min(drawn) >= MIN_PREDICTIONS
    assert f"{few} bin" in display.describe()
    assert display.table()["Accuracy"].str.contains("few").sum() == few


def test_equal_seeds_are_not_shown_as_an_exact_result() -> None:
    assert format_accuracy(compute_seed_mean([0.8888, 0.8888])) == "88.9% (2 equal seeds)"
    assert format_accuracy(compute_seed_mean([0.8888, 0.8888]), seeds=False) == "88.9%"  # in a tile
    assert format_accuracy(compute_seed_mean([0.8888, 0.8898])) == "88.93 ± 0.07%"
    assert format_loss(compute_seed_mean([0.5, 0.5, 0.5])) == "0.500 (3 equal seeds)"


def test_costs_in_sentences_have_units(make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run(head=head) for head in ("gap", "dense")])
    assert "24,586 parameters" in Pareto(comparison).describe()
    assert "FLOPs per image," in Pareto(comparison, cost="flops").describe()
