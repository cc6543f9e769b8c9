"""Every display over every kind of comparison: tidy data, a valid picture, a sentence, and numbers people can read."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.displays.display import DISPLAYS, Display
from core.displays.views.checks import Checks
from core.displays.views.confusion import Confusion
from core.displays.views.confusions import ConfusionDifference
from core.displays.views.cost import Costs
from core.displays.views.curves import Curves
from core.displays.views.difference import HeadDifference
from core.displays.views.disagreement import Disagreement
from core.displays.views.example import Example
from core.displays.views.front import Front
from core.displays.views.gallery import Gallery
from core.displays.views.knob_curve import KnobCurve
from core.displays.views.layers import Layers
from core.displays.views.published import PublishedFigures
from core.displays.views.significance import Significance
from core.displays.views.tiles import Tiles
from core.home import Home
from core.store.comparison import Comparison
from tests.support.comparison_cases import FOREIGN

OF_PAIRS = HeadDifference | Significance | Disagreement | ConfusionDifference
TABLES = PublishedFigures | Tiles | Significance | Checks | Front
MAY_BE_EMPTY = PublishedFigures | ConfusionDifference | KnobCurve


@pytest.fixture(params=DISPLAYS)
def display(request: pytest.FixtureRequest, comparison: Comparison) -> Display:
    made: Display = DISPLAYS[request.param](comparison)
    return made


_specs: dict[str, Any] = {}


@pytest.fixture
def spec(display: Display, case: str) -> Any:
    """The Vega-Lite of a display, valid, made once; None for a view without a picture."""
    key = f"{display.name}-{case}"
    if key not in _specs:
        chart = display.chart()
        _specs[key] = None if chart is None else chart.to_dict(validate=True)
    return _specs[key]


def test_every_file_of_the_views_is_a_display() -> None:
    assert all(issubclass(kind, Display) and kind.name == name and kind.title for name, kind in DISPLAYS.items())


def test_frame_is_tidy(display: Display) -> None:
    frame = display.frame()
    alone = len(display.comparison.contenders) < 2
    if not isinstance(display, MAY_BE_EMPTY) and not (alone and isinstance(display, OF_PAIRS)):
        assert not frame.empty
    assert frame.columns.is_unique
    assert all(isinstance(name, str) and name for name in frame.columns)
    plain = str | int | float | bool | type(None)
    assert all(isinstance(value, plain) for row in frame.astype(object).to_numpy().tolist() for value in row)


def test_table_has_headings_and_one_row_a_line(display: Display) -> None:
    table = display.table()
    assert all(isinstance(name, str) and name for name in table.columns)
    assert table.columns.is_unique
    if type(display).table is not Display.table:
        text = table.astype(str).to_numpy().ravel().tolist()
        assert not [cell for cell in text if re.search(r"\bnan\b|\binf\b|\de[+-]\d", cell)]
        assert all(name[0].isupper() for name in table.columns)


def test_chart_is_valid_vega_lite_that_json_can_hold(display: Display, spec: Any) -> None:
    if isinstance(display, OF_PAIRS | Costs) and len(display.comparison.contenders) < 2:
        assert spec is None
    elif isinstance(display, KnobCurve):
        assert (spec is None) == display.frame().empty
    elif not isinstance(display, ConfusionDifference):  # without a confusion there is nothing to draw
        assert (spec is None) == isinstance(display, TABLES)
    json.dumps(spec, allow_nan=False)


def test_description_is_one_sentence_that_names_every_head(display: Display) -> None:
    text = display.describe()
    assert text.endswith(".")
    assert not text.endswith("..")
    assert "\n" not in text or FOREIGN[0] in "".join(display.comparison.first.record.data.classes)
    assert not re.search(r"\bnan\b|\binf\b", text)
    if isinstance(display, Curves | Example | Gallery | Layers) or type(display).name == "heads":
        assert all(label in text for label in display.comparison.labels)


@pytest.mark.parametrize("case", ["two_heads_three_seeds", "diverged"], indirect=True)
@pytest.mark.parametrize(("metric", "x", "log"), [("loss", "epoch", True), ("accuracy", "seconds", False)])
def test_curves_of_every_setting_are_valid(comparison: Comparison, metric: Any, x: Any, log: bool) -> None:
    curves = Curves(comparison, metric, x, 0.5, log, ("validation",), seeds=False)
    chart = curves.chart()
    assert chart is not None
    json.dumps(chart.to_dict(validate=True), allow_nan=False)
    assert curves.describe().endswith(".")
    assert "nan" not in curves.describe()


def fields_of(spec: Any) -> Iterator[str]:
    if isinstance(spec, dict):
        if isinstance(spec.get("field"), str):
            yield spec["field"]
        for key, value in spec.items():
            if key != "datasets":
                yield from fields_of(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from fields_of(value)


def test_data_never_becomes_the_name_of_a_field(spec: Any) -> None:
    assert all(re.fullmatch(r"[a-zA-Z_]\w*", field) for field in fields_of(spec))


def expressions_of(spec: Any) -> Iterator[str]:
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in ("filter", "test", "expr", "calculate") and isinstance(value, str):
                yield value
            elif key != "datasets":
                yield from expressions_of(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from expressions_of(value)


def test_data_never_becomes_part_of_an_expression(display: Display, spec: Any) -> None:
    words = [*display.comparison.labels, *FOREIGN]
    assert not [text for text in expressions_of(spec) for word in words if word in text]


def test_foreign_names_reach_the_picture_whole(comparisons: Callable[[str], tuple[Home, Comparison]]) -> None:
    _, comparison = comparisons("foreign_names")
    for view in (Confusion(comparison), Example(comparison)):
        data = view.chart().to_dict()["datasets"]
        drawn = {row["label"] for rows in data.values() for row in rows if "label" in row}
        assert drawn == set(FOREIGN)
