"""Class probabilities of one image: the true class is marked and its probability always shown."""

from typing import Any

import numpy as np

from core.displays.views.example import Example
from core.store.comparison import Comparison
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def draw(make_run: RunWriter) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the chart of an image that is predicted as another class at 97%, and its data."""
    run = make_run()
    wrong = (np.asarray(run.predictions.test_labels) + 1) % 10
    spec = Example(Comparison.of([rewrite(run, predictions=wrong)])).chart().to_dict(validate=True)
    (data,) = spec["datasets"].values()
    return spec, data


def test_true_class_is_marked_at_its_position(make_run: RunWriter) -> None:
    spec, data = draw(make_run)
    (marked,) = [row for row in data if row["class"] != row["label"]]
    assert (marked["correct"], marked["class"]) == (True, f"✓ {marked['label']}")
    assert spec["layer"][0]["encoding"]["y"]["sort"] == [row["class"] for row in data]
    assert "✓" in spec["layer"][0]["encoding"]["y"]["axis"]["labelFontWeight"]["condition"]["test"]


def test_probability_of_the_true_class_is_shown_even_if_small(make_run: RunWriter) -> None:
    spec, data = draw(make_run)
    (text,) = [layer for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    assert text["transform"] == [{"filter": "datum.prob >= 0.05 || datum.correct"}]
    assert next(row["percent"] for row in data if row["correct"]) == "3.3%"


def test_chart_explains_pale_bars(make_run: RunWriter) -> None:
    assert draw(make_run)[0]["title"]["text"] == ["✓ and full color: true class."]
