"""Every display of every kind of comparison: tidy data, a valid chart, a description, and readable numbers."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from core.displays.display import DISPLAYS, Display
from core.displays.option import list_options
from core.displays.views.activation import Activation
from core.displays.views.averages import Averages
from core.displays.views.checks import Checks
from core.displays.views.confusion import Confusion
from core.displays.views.confusions import ConfusionDifference
from core.displays.views.cost import Costs
from core.displays.views.curves import Curves
from core.displays.views.difference import HeadDifference
from core.displays.views.disagreement import Disagreement
from core.displays.views.example import Example
from core.displays.views.feature_maps import FeatureMaps
from core.displays.views.front import Front
from core.displays.views.gallery import Gallery
from core.displays.views.hyperparameter_curve import HyperparameterCurve
from core.displays.views.label_errors import LabelErrors
from core.displays.views.layers import Layers
from core.displays.views.leaked_accuracy import LeakedAccuracy
from core.displays.views.parallel import Parallel
from core.displays.views.published import PublishedResults
from core.displays.views.robustness import RobustnessCurve
from core.displays.views.robustness_loss import RobustnessLoss
from core.displays.views.run_metrics import RunMetrics
from core.displays.views.significance import Significance
from core.displays.views.tiles import Tiles
from tests.support.comparison_cases import CASES, HOSTILE_NAMES, Comparisons
from tests.support.markers import LONG
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow  # draws every display for every comparison
OF_PAIRS = HeadDifference | Significance | Disagreement | ConfusionDifference
WITHOUT_MODELS = FeatureMaps  # the runs of these comparisons have no model files
TABLES = Averages | PublishedResults | RunMetrics | Tiles | Significance | Checks | Front | WITHOUT_MODELS
OF_ROBUSTNESS = RobustnessCurve | RobustnessLoss  # without results for models that were trained elsewhere
OF_SOME_RUNS = HyperparameterCurve | LabelErrors | LeakedAccuracy  # charts that need something to show
OF_SINGLE_RUNS = HyperparameterCurve | Parallel
MAY_BE_EMPTY = PublishedResults | ConfusionDifference | OF_SOME_RUNS | WITHOUT_MODELS

_LINE_PIXELS = 11  # of a label


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


def texts_of(spec: Any, *keys: str) -> Iterator[str]:
    """Yield the texts with one of the keys, at any depth."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in keys and isinstance(value, str):
                yield value
            elif key != "datasets":
                yield from texts_of(value, *keys)
    elif isinstance(spec, list):
        for value in spec:
            yield from texts_of(value, *keys)


def may_be_empty(display: Display) -> bool:
    alone = len(display.comparison.variants) < 2
    if not display.available.variants or isinstance(display, OF_ROBUSTNESS | Activation):
        return True
    return isinstance(display, MAY_BE_EMPTY) or (alone and isinstance(display, OF_PAIRS))


def has_chart(display: Display) -> bool:
    """Return whether the display has a chart."""
    if isinstance(display, Activation) and all(run.spec.elsewhere for run in display.comparison.runs):
        return False
    if isinstance(display, TABLES) or not display.available.variants:
        return False
    if isinstance(display, OF_ROBUSTNESS) and not any(run.robustness for run in display.comparison.runs):
        return False
    if isinstance(display, OF_PAIRS | Costs) and len(display.comparison.variants) < 2:
        return False
    if isinstance(display, OF_SOME_RUNS):
        return not display.frame().empty
    if isinstance(display, ConfusionDifference):
        frame = display.frame()
        first = (frame["a"] == frame["a"].iat[0]) & (frame["b"] == frame["b"].iat[0]) if len(frame) else []
        return bool((frame.loc[first, "difference"] != 0).any())
    return True


def check_frame(display: Display) -> Iterator[str]:
    frame = display.frame()
    if frame.empty and not may_be_empty(display):
        yield "its frame is empty"
    if not frame.columns.is_unique or not all(isinstance(name, str) and name for name in frame.columns):
        yield f"columns of its frame are not unique names: {list(frame.columns)}"
    plain = str | int | float | bool | type(None)
    values = [value for row in frame.astype(object).to_numpy().tolist() for value in row]
    yield from (f"its frame holds {value!r}" for value in values if not isinstance(value, plain))


def check_table(display: Display) -> Iterator[str]:
    table = display.table()
    if not table.columns.is_unique or not all(isinstance(name, str) and name for name in table.columns):
        yield f"headings of its table are not unique names: {list(table.columns)}"
    if type(display).table is not Display.table:
        text = table.astype(str).to_numpy().ravel().tolist()
        yield from (f"its table says {cell}" for cell in text if re.search(r"\bnan\b|\binf\b|\de[+-]\d", cell))
        headings = [name for name in table if name not in display.comparison.labels]
        yield from (f"heading {name!r} begins with a lowercase letter" for name in headings if name[0].islower())


def check_words(display: Display, spec: Any) -> Iterator[str]:
    """Variants are called heads only if each has another head; runs have one head each."""
    noun = display.comparison.noun
    if noun != "head" and not isinstance(display, OF_SINGLE_RUNS):
        own = type(display).table is not Display.table  # otherwise the names of the frame, which never change
        texts = [display.heading, *(display.table().columns if own else ()), *texts_of(spec, "title")]
        texts = [str(text).lower().replace("color: head", "") for text in texts]
        yield from (f"{text!r} calls a {noun} a head" for text in texts if re.search(r"\bheads?\b", text))


def check_chart(display: Display, spec: Any) -> Iterator[str]:
    if (spec is not None) != has_chart(display):
        yield "it has a chart where there is nothing to draw" if spec else "it has no chart"
    if spec is None:
        return
    json.dumps(spec, allow_nan=False)
    fields = list(fields_of(spec))
    if not fields:
        yield "its chart shows no field"
    yield from (f"data became the field {field!r}" for field in fields if not re.fullmatch(r"[a-zA-Z_]\w*", field))
    yield from check_labels(spec)
    words = [*display.comparison.labels, *HOSTILE_NAMES]
    for text in texts_of(spec, "filter", "test", "expr", "calculate"):
        yield from (f"data became part of the expression {text!r}" for word in words if word in text)


def check_labels(spec: Any) -> Iterator[str]:
    """Yield labels of a vertical axis that need more height than a row of the chart has."""
    if isinstance(spec, dict):
        height = spec.get("height")
        for expression in expressions_of_axes(spec) if isinstance(height, dict) and "step" in height else ():
            for label, lines in json.loads(expression.partition("[datum.value]")[0]).items():
                count = len(lines) if isinstance(lines, list) else 1
                if _LINE_PIXELS * count > height["step"]:
                    yield f"label {label!r:.30} has {count} lines in rows of {height['step']} pixels"
        for key, part in spec.items():
            if key != "datasets":
                yield from check_labels(part)
    elif isinstance(spec, list):
        for part in spec:
            yield from check_labels(part)


def expressions_of_axes(spec: dict[str, Any]) -> Iterator[str]:
    for part in (spec, *spec.get("layer", ())):
        y = part.get("encoding", {}).get("y")
        if isinstance(y, dict) and "labelExpr" in (y.get("axis") or {}):
            yield y["axis"]["labelExpr"]


def check_description(display: Display) -> Iterator[str]:
    text = display.describe()
    labels = display.available.labels
    if not text.endswith(".") or text.endswith(".."):
        yield f"its description is no sentence: {text!r}"
    if "\n" in text and HOSTILE_NAMES[0] not in "".join(display.comparison.first.record.data.classes):
        yield f"its description has several lines: {text!r}"
    if re.search(r"\bnan\b|\binf\b", text):
        yield f"its description says {text!r}"
    if isinstance(display, Curves | Example | Gallery | Layers) or type(display).name == "heads":
        yield from (f"its description does not name {label}" for label in labels if label not in text)


@pytest.mark.parametrize("name", DISPLAYS)
def test_display_shows_every_comparison(name: str, comparisons: Comparisons, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong, drawn = [], 0
    order = [*DISPLAYS].index(name)
    for number, case in enumerate(CASES):
        if not LONG and (order + number) % 3 == 0:
            continue
        home, comparison = comparisons(case)
        monkeypatch.setenv("HEADROOM_HOME", str(home.path))
        display = DISPLAYS[name](comparison)
        chart = display.chart()
        spec = None if chart is None else chart.to_dict(validate=True)
        drawn += spec is not None
        drawing = check_chart(display, spec), check_description(display), check_words(display, spec)
        checks = (check_frame(display), check_table(display), *drawing)
        wrong += [f"{case}: {sentence}" for check in checks for sentence in check]
    assert wrong == []
    assert bool(drawn) != issubclass(DISPLAYS[name], TABLES)


def test_every_file_of_the_views_is_a_display() -> None:
    files = {path.stem for path in (ROOT / "core" / "displays" / "views").glob("*.py")} - {"__init__"}
    assert set(DISPLAYS) == files
    wrong = [
        name for name, kind in DISPLAYS.items() if not (issubclass(kind, Display) and kind.name == name and kind.title)
    ]
    assert wrong == []


def test_curves_of_every_setting_are_valid(comparisons: Comparisons) -> None:
    for case in ("two_heads_three_seeds", "diverged", "fifteen_variants"):
        comparison = comparisons(case)[1]
        options = {option.name: [*option.options] for option in list_options(Curves, comparison)}
        for number in range(4 if case == "diverged" else 2):
            chosen = {
                name: values[(number + shift) % len(values)] for shift, (name, values) in enumerate(options.items())
            }
            curves = Curves(comparison, **chosen, shown=tuple(comparison.labels[: 1 + 14 * (number % 2)]))
            chart = curves.chart()
            assert (chart is None) == curves.frame()["value"].isna().all() or chosen["head"], chosen
            if chart is not None:
                spec = chart.to_dict(validate=number == 0)
                json.dumps(spec, allow_nan=False)
                assert list_values_outside(spec) == [], chosen
            assert re.search(r"\.$", curves.describe())
            assert not re.search(r"\bnan\b|\binf\b", curves.describe() + curves.table().to_string())


def list_values_outside(spec: dict[str, Any]) -> list[float]:
    """Return the values that a chart of curves would draw outside its vertical axis."""
    [name] = {layer["data"]["name"] for layer in spec["layer"] if layer["mark"].get("type") == "line"} or {
        spec["data"]["name"]
    }
    line = next(layer for layer in spec["layer"] if layer["mark"].get("type") == "line")
    low, high = line["encoding"]["y"]["scale"]["domain"]
    rows = spec["datasets"][name]
    values = [row[key] for row in rows for key in ("y", "y_low", "y_high", "y_raw") if row.get(key) is not None]
    return [value for value in values if not low - 1e-12 <= value <= high + 1e-12]


def test_hostile_names_are_unchanged_in_the_chart(comparisons: Comparisons) -> None:
    _, comparison = comparisons("hostile_names")
    for view in (Confusion(comparison), Example(comparison)):
        data = view.chart().to_dict()["datasets"]
        drawn = {row["label"] for rows in data.values() for row in rows if "label" in row}
        assert drawn == set(HOSTILE_NAMES)
