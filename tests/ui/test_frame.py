"""Frame of every page: browser title, menu with About, terms, tour, headings and names of charts."""

import ast
import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.displays.caption import write_caption
from core.displays.display import DISPLAYS
from core.home import Home
from core.store.comparison import Comparison
from core.ui import frame, tour
from core.ui.display import write_short_name
from core.ui.style import apply_style
from core.ui.terms import BASIC, TERMS, list_terms
from tests.support.page import Open
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

_CHARTS = ("vega_lite_chart", "altair_chart", "line_chart", "bar_chart", "scatter_chart", "area_chart")


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Collect what pages configure: the last value of each argument of `st.set_page_config`."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(st, "set_page_config", lambda **given: found.update(given))
    return found


def test_browser_title_names_the_page_and_the_comparison(
    open_page: Open, make_run: RunWriter, configured: dict[str, Any]
) -> None:
    ids = [make_run(head=head).run_id for head in ("gap", "dense")]
    app = open_page("curves")
    assert configured["page_title"] == "Curves · digits-heads · 3 epochs · Headroom"
    app.switch_page("pages/jobs.py").run()
    assert configured["page_title"] == "Jobs · Headroom"
    open_page("compare", compare=f"runs:{','.join(ids)}")
    assert configured["page_title"] == "Compare · 2 selected runs · Headroom"
    open_page("library", library="kmnist-heads")
    assert configured["page_title"] == "Cursive Japanese: GAP against Flatten + Dense · Library · Headroom"


def test_requested_page_is_opened_after_the_comparison_is_drawn(open_page: Open) -> None:
    """The browser ends this run, and Streamlit removes the URL parameters of widgets that it has not drawn by then."""
    called = []
    with (
        patch.object(frame, "show_comparison_picker", lambda: called.append("picker")),
        patch.object(frame, "follow_request", lambda _: called.append("request")),
    ):
        open_page("jobs")
    assert called == ["picker", "request"]


def test_about_of_the_owner_has_the_home(open_page: Open, home: Home, digits: None, configured: dict[str, Any]) -> None:
    open_page("jobs")
    text = configured["menu_items"]["About"]
    assert str(home.path) in text
    for part in ("Version: ", "Executor: this machine", "Digits (", "[glossary](glossary)", "[Show the tour]"):
        assert part in text


def test_terms_of_every_page_are_in_the_glossary() -> None:
    navigation = (ROOT / "dashboard.py").read_text(encoding="utf-8")
    assert set(TERMS) <= set(re.findall(r'title="([^"]+)"', navigation))
    assert {"Head", "Seed", "Recipe"} <= set(BASIC)
    for page in TERMS:
        assert [entry.title for entry in list_terms(page)] == list(dict.fromkeys((*BASIC, *TERMS[page])))
        assert all(len(entry.explanation) > 20 for entry in list_terms(page))


def test_tour_is_shown_only_with_examples_and_without_own_runs_or_on_request(
    open_page: Open, make_run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, Any]] = []

    class Result:
        opened = ended = None

    def draw(**given: Any) -> type[Result]:
        shown.append(given["data"])
        return Result

    with patch.object(tour, "_tour", draw):
        open_page("compare")
        assert not shown  # nothing to read
        examples = RunWriter(Home(tmp_path / "examples"))
        examples()
        monkeypatch.setenv("HEADROOM_EXAMPLES", str(examples.home.runs))
        st.cache_resource.clear()  # the list of runs without them
        app = open_page("compare")
        assert [len(given["steps"]) for given in shown] == [3]
        app.switch_page("pages/train.py").run()
        make_run()
        app.switch_page("pages/compare.py").run()
        assert len(shown) == 1
        open_page("compare", tour="true")
        assert shown[1]["forced"]


def test_charts_have_short_names_and_their_whole_description_as_text(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves")
    html = [element.proto.body for element in app.get("html")]
    charts = app.get("vega_lite_chart")
    assert charts
    assert len([body for body in html if body.startswith('<p class="screen-reader">')]) == len(charts)
    for chart in charts:
        assert 0 < len(chart.proto.alt) <= 100


def test_short_name_is_the_beginning_of_a_description(make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run(head=head, seed=seed) for head in ("gap", "dense") for seed in range(2)])
    for name, display in DISPLAYS.items():
        if name == "feature_maps":  # these runs have no models to draw them from
            continue
        description = write_caption(display(comparison))
        assert 5 <= len(write_short_name(description)) <= 100, f"{name}: {description}"


def test_charts_are_drawn_by_one_function() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("core/ui", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if path != ROOT / "core/ui/display.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in _CHARTS
    ]
    assert found == [], "Call draw_spec or draw_chart of core/ui/display.py: the whole description is not a name."


def test_page_without_a_link_runs_once_and_selects_the_default_comparison(
    open_page: Open, two_heads: list[str]
) -> None:
    with patch("core.ui.frame.apply_style", wraps=apply_style) as apply:
        app = open_page("compare")
    assert apply.call_count == 1, "the first chart waits for each run"
    assert app.session_state["compare"].startswith("recipe:digits-heads")
    assert app.query_params["compare"] == app.session_state["compare"]


def show_wide_controls() -> None:
    import pandas as pd

    from core.ui import url, widget
    from core.ui.display import show_frame

    url.register("wide", "wide_pills")
    widget.segmented("Options", ["one", "two"], key="wide")
    widget.pills("Options", ["one", "two"], [], key="wide_pills")
    show_frame(pd.DataFrame({"Name": ["a name of two lines, too long for one"] * 20, "Value": range(20)}))


def test_options_and_long_names_wrap() -> None:
    app = AppTest.from_function(show_wide_controls).run()
    assert [group.proto.wrap for group in app.button_group] == [True, True]
    assert app.dataframe[0].proto.row_height > 64, "Streamlit does not wrap text in lower rows"
