"""Displays on a page: title, chart with alt text, and data table; cached by runs and settings."""

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from functools import partial
from html import escape
from typing import Any, TypeVar

import altair as alt
import pandas as pd
import streamlit as st

from core.datasets.findings.findings_file import read_findings_version
from core.displays.caption import write_caption
from core.displays.display import Display
from core.displays.encoding import PANEL_PIXELS, write_spec
from core.displays.label import wrap_axis_titles
from core.displays.markdown import escape_markdown
from core.displays.table import build_table, disarm, list_text_columns
from core.home import Home, hide_paths
from core.store.comparison import Comparison
from core.ui.errors import callback
from core.ui.navigation import has_request
from core.ui.run_link import request_run

T = TypeVar("T")
D = TypeVar("D", bound=Display)

_FEW_ROWS = 12
_MAX_NAME = 100  # characters of the accessible name of a chart
_LETTER_PIXELS = 6.5
_MARGIN_PIXELS = 20
_WIDEST_PIXELS = 230
_ROW_PIXELS, _LINE_PIXELS, _MAX_LINES = 35, 20, 5
_WRAPPED_PIXELS = 65  # text does not wrap in lower rows
_NUMBER = "#"


def show_display(display: Display, *, title: str | None = None, table: bool = True, described: bool = False) -> None:
    """Show a display.

    Args:
        title: replaces the title of the display; the empty text hides it.
        table: adds an expander with the data table.
        described: the page shows the description, which otherwise replaces a missing chart.
    """
    heading = display.title if title is None else title
    if heading:
        st.header(heading, anchor=False)
    _draw(display.name, list_run_versions(display.comparison), _list_settings(display), described, display)
    if display.lacking:
        st.caption(escape_markdown(display.lacking))
    if table:
        show_data_table(display, heading)


def show_data_table(display: Display, heading: str = "") -> None:
    """Show an expander with the table of a display."""
    with st.expander("Show data table", on_change="rerun", key=f"table-{display.name}-{heading}") as expander:
        if expander.open:
            show_table(display)


def list_run_versions(comparison: Comparison) -> list[str]:
    """Return the records of the runs, the version of their findings and the baseline, the cache key of a comparison."""
    spec = comparison.first.spec
    return [run.record.model_dump_json() for run in comparison.runs] + [
        read_findings_version(Home.default(), spec.dataset, spec.folder),
        *(spec.run_id for spec in (*comparison.diverged, *comparison.diverged_others)),
        comparison.baseline,
    ]


def _list_settings(display: Display) -> dict[str, str]:
    return {f.name: str(getattr(display, f.name)) for f in fields(display) if f.name != "comparison"}


def cached_result(comparison: Comparison, compute: Callable[[Comparison], T]) -> T:
    """Return the result of a function for a comparison, cached for the same runs. Callers must not modify it."""
    result: T = _compute(f"{compute.__module__}.{compute.__name__}", list_run_versions(comparison), comparison, compute)
    return result


@st.cache_resource(show_spinner=False, max_entries=256)
def _compute(name: str, records: list[str], _comparison: Comparison, _function: Callable[[Comparison], Any]) -> Any:
    return _function(_comparison)


@st.cache_resource(show_spinner=False, max_entries=256)
def _tabulate(name: str, records: list[str], settings: dict[str, str], _display: Display) -> pd.DataFrame:
    return _display.table()


@st.cache_resource(show_spinner=False, max_entries=256)
def _describe(name: str, records: list[str], settings: dict[str, str], _display: Display) -> str:
    return write_caption(_display)


@st.cache_data(show_spinner=False, max_entries=64)
def _build_spec(name: str, records: list[str], settings: dict[str, str], _display: Display) -> dict[str, Any]:
    chart = _display.chart()
    return {} if chart is None else write_spec(chart)


def cached_chart_spec(display: Display) -> dict[str, Any]:
    """Return a copy of the Vega-Lite specification of a display, cached for the same runs and settings."""
    return _build_spec(display.name, list_run_versions(display.comparison), _list_settings(display), display)


def cached_description(display: Display) -> str:
    """Return the description of a display, cached for the same runs and settings."""
    return _describe(display.name, list_run_versions(display.comparison), _list_settings(display), display)


def cached_display_result(display: D, compute: Callable[[D], T]) -> T:
    """Return a copy of the result of a display method, cached for the same runs and settings."""
    runs, settings = list_run_versions(display.comparison), _list_settings(display)
    result: T = _compute_of(compute.__name__, display.name, runs, settings, display, compute)
    return result


@st.cache_data(show_spinner=False, max_entries=64)
def _compute_of(
    method: str, name: str, records: list[str], settings: dict[str, str], _display: D, _compute: Callable[[D], Any]
) -> Any:
    return _compute(_display)


def cached_table(display: Display) -> pd.DataFrame:
    """Return the table of a display, cached for the same runs and settings. Callers must not modify it."""
    return _tabulate(display.name, list_run_versions(display.comparison), _list_settings(display), display)


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw(name: str, records: list[str], settings: dict[str, str], described: bool, _display: Display) -> None:
    """Draw the chart of a display, or write its description if it has no chart and the page does not. Streamlit replays
    the cached element for the same runs and settings."""
    chart = _display.chart()
    if chart is not None:
        draw_spec(write_spec(chart), write_caption(_display))
    elif not described:
        st.write(escape_markdown(hide_paths(_display.describe())))


def draw_spec(spec: dict[str, Any], description: str, key: str | None = None, **settings: Any) -> Any:
    """Draw a chart in the width of the page, and return its selection events.

    The beginning of the description is the accessible name; the whole description follows the chart as text for
    screen readers. Panels are separate charts, which wrap on a narrow page.
    """
    spec = wrap_axis_titles(spec)
    with st.container(gap=None):
        event = None
        if "concat" in spec:
            _draw_panels(spec, description, key)
        else:
            name = write_short_name(description)
            event = st.vega_lite_chart(spec=spec, width="stretch", alt=name, key=key, **settings)
        st.html(f'<p class="screen-reader">{escape(description)}</p>')
    return event


def draw_chart(chart: alt.TopLevelMixin, description: str) -> None:
    """Draw a chart that belongs to no display, described as in `draw_spec`."""
    draw_spec(write_spec(chart), description)


def write_short_name(description: str) -> str:
    """Return the beginning of a description.

    >>> write_short_name("Test accuracy against number of parameters. GAP: 24,586 parameters, test accuracy 88.8%.")
    'Test accuracy against number of parameters'
    """
    return re.split(r"[.:;](?= |$)", description, maxsplit=1)[0][:_MAX_NAME]


def _draw_panels(spec: dict[str, Any], description: str, key: str | None) -> None:
    shared = {name: spec[name] for name in ("$schema", "config", "padding") if name in spec}
    datasets = spec.get("datasets", {})
    with st.container(horizontal=True):
        for number, panel in enumerate(spec["concat"]):
            text = f"{write_short_name(description)}, panel {number + 1}"
            part = {**shared, **{name: value for name, value in panel.items() if name not in ("width", "name")}}
            names = json.dumps(part)
            part["datasets"] = {name: rows for name, rows in datasets.items() if name in names}
            width = spec.get("usermeta", {}).get(PANEL_PIXELS, 320)
            st.vega_lite_chart(spec=part, width=width, alt=text, key=key and f"{key}-{number}")


def show_table(display: Display) -> None:
    """Show the table of a display; a click on a row with a run opens it."""
    frame = cached_table(display)
    show_frame(frame, run_ids=frame["Run"].tolist() if "Run" in frame else ())


def show_frame(
    frame: pd.DataFrame,
    own: dict[str, Any] | None = None,
    *,
    rows: int | None = None,
    words: Collection[str] = (),
    run_ids: Sequence[str] = (),
) -> None:
    """Show a table that is formatted for display, with a pinned first column and numbers aligned right.

    A short table is plain HTML. A long one is a scrolling grid, which takes longer to load; its column widths follow
    the text, because the browser would otherwise keep the widths of the previous table. Long names wrap in its first
    column.

    Args:
        own: configuration of columns that are not numbers; requires the grid.
        rows: number of visible rows of the grid; by default Streamlit chooses it.
        words: columns that contain text.
        run_ids: runs of the rows, whose pages a click opens; requires the grid. A first column with row numbers does
            not open them: the grid selects its first cell when it gets the focus of the keyboard.
    """
    if own is None and not run_ids and len(frame) <= _FEW_ROWS:
        st.html(build_table(frame, words))
        return
    if run_ids:
        frame = frame.assign(**{_NUMBER: range(1, len(frame) + 1)})[[_NUMBER, *frame.columns]]
    names, *values = frame.columns
    left = {*words, *list_text_columns(frame)}
    widths = {name: _measure([name, *frame[name]]) for name in frame.columns}
    columns: dict[str, Any] = {
        name: st.column_config.Column(name, alignment="left" if name in left else "right", width=widths[name])
        for name in values
    }
    longest = max((len(str(name)) for name in frame[names]), default=0)
    lines = -(-round(_LETTER_PIXELS * longest) // (widths[names] - _MARGIN_PIXELS))
    row_pixels = _ROW_PIXELS + _LINE_PIXELS * (min(max(lines, 1), _MAX_LINES) - 1)
    if lines > 1:
        row_pixels = max(row_pixels, _WRAPPED_PIXELS)
    settings: dict[str, Any] = {
        "hide_index": True,
        "placeholder": "",
        "width": "stretch",
        "height": "auto" if rows is None else _ROW_PIXELS + row_pixels * min(rows, len(frame)) + 3,
        "row_height": row_pixels,
        "column_config": {
            **columns,
            **{name: {"width": widths[name]} | column for name, column in (own or {}).items()},
            names: st.column_config.Column(names, pinned=True, width=widths[names]),
        },
    }
    shown = disarm(frame) if own is None else frame
    if not run_ids:
        st.dataframe(shown, **settings)
        return
    key = f"runs-of-rows-{hash((*frame.columns, *run_ids))}"  # a selection is a row number, valid only for these rows
    opened = partial(request_run, run_ids, key, _NUMBER)
    st.dataframe(shown, key=key, on_select=callback(opened), selection_mode="single-cell", **settings)
    if has_request():  # in a fragment
        st.rerun()


def _measure(texts: list[Any]) -> int:
    """Return the width of a column in pixels, limited so that two columns fit on a narrow screen."""
    return min(round(_LETTER_PIXELS * max(len(str(text)) for text in texts)) + _MARGIN_PIXELS, _WIDEST_PIXELS)
