"""Views of a race on a page: title, chart with alt text, and data table."""

from typing import Any

import pandas as pd
import streamlit as st

from core.displays.advice_display import AdviceDisplay
from core.displays.encoding import write_spec
from core.ui.display import draw_spec, show_frame


def show_advice_display(
    display: AdviceDisplay, *, title: str | None = None, table: bool = True, words: tuple[str, ...] = ()
) -> None:
    """Show a view of a race.

    Args:
        title: replaces the title of the view; the empty text hides it.
        table: adds an expander with the data table.
        words: columns of the table that contain text.
    """
    heading = display.title if title is None else title
    if heading:
        st.header(heading, anchor=False)
    _draw(display.name, display.progress.version, display)
    if table:
        with st.expander("Show data table", on_change="rerun", key=f"table-{display.name}") as expander:
            if expander.open:
                show_advice_table(display, words)


def show_advice_table(display: AdviceDisplay, words: tuple[str, ...] = ()) -> None:
    """Show the table of a view of a race."""
    show_frame(_tabulate(display.name, display.progress.version, display), words=words)


def has_chart(display: AdviceDisplay) -> bool:
    """Return whether a view has a chart."""
    return bool(_build_spec(display.name, display.progress.version, display))


@st.cache_resource(show_spinner=False, max_entries=128)
def _draw(name: str, version: str, _display: AdviceDisplay) -> None:
    """Draw the chart of a view. Streamlit replays the cached element for the same state of the race."""
    if spec := _build_spec(name, version, _display):
        draw_spec(spec, _display.describe())


@st.cache_resource(show_spinner=False, max_entries=64)
def _build_spec(name: str, version: str, _display: AdviceDisplay) -> dict[str, Any]:
    chart = _display.chart()
    return {} if chart is None else write_spec(chart)


@st.cache_resource(show_spinner=False, max_entries=64)
def _tabulate(name: str, version: str, _display: AdviceDisplay) -> pd.DataFrame:
    return _display.table()
