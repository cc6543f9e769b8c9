"""How a page shows a display: its title, its picture with a text alternative, and the table behind it."""

from typing import Any

import pandas as pd
import streamlit as st

from core.displays.display import Display


def show(display: Display, *, title: str | None = None, table: bool = True, **keys: Any) -> None:
    """Draws a display. `title` replaces its own (empty: none); `table` adds the figures in a fold."""
    heading = display.title if title is None else title
    if heading:
        st.subheader(heading, anchor=False)
    chart = display.chart()
    if chart is not None:
        st.altair_chart(chart, width="stretch", alt=display.describe(), **keys)
    if table:
        with st.expander("The figures behind it", on_change="rerun", key=f"figures-{display.name}-{heading}") as fold:
            if fold.open:
                show_table(display)


def show_table(display: Display) -> None:
    show_frame(display.table())


def show_frame(frame: pd.DataFrame) -> None:
    """A table as people read it: the first column names the row and stays in sight, figures stand at the right."""
    names, *figures = frame.columns
    columns: dict[str, Any] = {name: st.column_config.Column(name, alignment="right") for name in figures}
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        column_config=columns | {names: st.column_config.Column(names, pinned=True)},
    )
