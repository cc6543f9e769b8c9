"""Values of charts: the same as those that Altair writes; and channels without its slow search for their classes."""

import ast
import re

import altair as alt
import numpy as np
import pandas as pd

from core.displays.chart_view import list_chart_values
from tests.support.paths import ROOT


def test_values_are_those_of_altair() -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", None, "c"],
            "share": [0.5, np.nan, np.inf],
            "single": np.array([0.1, 2.0, -np.inf], np.float32),
            "count": [1, 2, 3],
            "known": pd.Series([1, None, 3], dtype="Int64"),
            "maybe": pd.Series([True, None, False], dtype="boolean"),
            "flag": [True, False, True],
            "mixed": pd.Series(["a", 1.5, True], dtype="object"),
            "arrays": [np.arange(2), None, [1, 2]],
            "level": pd.Categorical(["x", None, "y"]),
        }
    )
    for data in (frame, frame.head(0), frame.iloc[[2, 0]], frame.assign(at=pd.Timestamp("2026-01-02"))):
        found, expected = list_chart_values(data)["values"], alt.to_values(data)["values"]
        assert [[*map(type, row.values())] for row in found] == [[*map(type, row.values())] for row in expected]
        assert found == expected


def test_no_row_is_left_out_or_refused() -> None:
    chart = alt.Chart(pd.DataFrame({"x": range(5001)})).mark_point().encode(x=alt.X("x:Q")).to_dict()
    assert [len(rows) for rows in chart["datasets"].values()] == [5001]


def test_channels_are_not_texts() -> None:
    """Altair builds a table of all its classes for each text in `encode`, which takes 4 ms."""
    for path in (ROOT / "core").rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        for call in calls:
            if getattr(call.func, "attr", "") == "encode":
                given = [one.value for one in call.keywords]
                parts = [*given, *(part for one in given if isinstance(one, ast.List) for part in one.elts)]
                texts = [ast.unparse(one) for one in parts if isinstance(one, ast.Constant | ast.JoinedStr)]
                assert texts == [], f"{path}:{call.lineno}"


def test_pages_and_reports_write_charts_without_validation() -> None:
    """It takes 30 to 60 ms per chart; `tests/displays` validate all of them."""
    pattern = re.compile(r"chart\w*(\(.*\))?\.to_dict\(")
    paths = [path for path in ROOT.glob("core/**/*.py") if pattern.search(path.read_text(encoding="utf-8"))]
    assert [path.name for path in paths] == ["encoding.py"]
