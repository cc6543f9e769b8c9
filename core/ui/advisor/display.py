"""Views of a race on a page: title, chart with alt text, and data table."""

import streamlit as st

from core.displays.advice_display import AdviceDisplay
from core.displays.encoding import guard_names
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
    if chart := display.chart():
        draw_spec(guard_names(chart.to_dict()), display.describe())
    if table:
        with st.expander("Show data table", on_change="rerun", key=f"table-{display.name}") as expander:
            if expander.open:
                show_advice_table(display, words)


def show_advice_table(display: AdviceDisplay, words: tuple[str, ...] = ()) -> None:
    """Show the table of a view of a race."""
    show_frame(display.table(), words=words, rows=None)
