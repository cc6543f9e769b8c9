"""How a page shows a display: its title, its picture with a text alternative, and the table behind it."""

from collections.abc import Callable, Collection
from dataclasses import fields
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from core.displays.display import Display
from core.displays.table import build_table, disarm
from core.store.comparison import Comparison

T = TypeVar("T")
D = TypeVar("D", bound=Display)

_FEW_ROWS = 12
_LETTER_PIXELS = 6.5
_MARGIN_PIXELS = 20
_WIDEST_PIXELS = 210
_ROW_PIXELS = 35


def show_display(display: Display, *, title: str | None = None, table: bool = True) -> None:
    """Draws a display. `title` replaces its own (empty: none); `table` adds the figures in a fold."""
    heading = display.title if title is None else title
    if heading:
        st.subheader(heading, anchor=False)
    _draw(display.name, list_run_versions(display.comparison), _list_settings(display), display)
    if table:
        show_figures(display, heading)


def show_figures(display: Display, heading: str = "") -> None:
    """The table of a display in a fold."""
    with st.expander("The figures behind it", on_change="rerun", key=f"figures-{display.name}-{heading}") as fold:
        if fold.open:
            show_table(display)


def list_run_versions(comparison: Comparison) -> list[str]:
    """Other texts for other runs: what is kept for a comparison is kept under them."""
    return [run.record.model_dump_json() for run in comparison.runs]


def _list_settings(display: Display) -> dict[str, str]:
    return {f.name: str(getattr(display, f.name)) for f in fields(display) if f.name != "comparison"}


def keep(comparison: Comparison, compute: Callable[[Comparison], T]) -> T:
    """What a function of the core says of a comparison, computed once for the same runs. Nobody may change it."""
    kept: T = _compute(f"{compute.__module__}.{compute.__name__}", list_run_versions(comparison), comparison, compute)
    return kept


@st.cache_resource(show_spinner=False, max_entries=256)
def _compute(name: str, records: list[str], _comparison: Comparison, _compute_it: Callable[[Comparison], Any]) -> Any:
    return _compute_it(_comparison)


@st.cache_resource(show_spinner=False, max_entries=256)
def _tabulate(name: str, records: list[str], settings: dict[str, str], _display: Display) -> pd.DataFrame:
    return _display.table()


@st.cache_resource(show_spinner=False, max_entries=256)
def _tell(name: str, records: list[str], settings: dict[str, str], _display: Display) -> str:
    return _display.describe()


@st.cache_data(show_spinner=False, max_entries=64)
def _write(name: str, records: list[str], settings: dict[str, str], _display: Display) -> dict[str, Any]:
    chart = _display.chart()
    return {} if chart is None else chart.to_dict()


def write_spec(display: Display) -> dict[str, Any]:
    """The picture of a display as Vega-Lite, made once for the same runs and settings; a copy of the caller's own."""
    return _write(display.name, list_run_versions(display.comparison), _list_settings(display), display)


def show_sentence(display: Display) -> str:
    """The sentence of a display, made once for the same runs and settings."""
    return _tell(display.name, list_run_versions(display.comparison), _list_settings(display), display)


def keep_of(display: D, compute: Callable[[D], T]) -> T:
    """What a method of a display makes, computed once for the same runs and settings; a copy of the caller's own."""
    kept: T = _compute_of(compute.__name__, display.name, list_run_versions(display.comparison), _list_settings(display),
                          display, compute)  # fmt: skip
    return kept


@st.cache_data(show_spinner=False, max_entries=64)
def _compute_of(
    method: str, name: str, records: list[str], settings: dict[str, str], _display: D, _compute: Callable[[D], Any]
) -> Any:
    return _compute(_display)


def tabulate(display: Display) -> pd.DataFrame:
    """The table of a display, made once for the same runs and settings. Nobody may change it."""
    return _tabulate(display.name, list_run_versions(display.comparison), _list_settings(display), display)


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw(name: str, records: list[str], settings: dict[str, str], _display: Display) -> None:
    """Builds a picture once for the same runs and settings; after that Streamlit plays the finished one again."""
    chart = _display.chart()
    if chart is not None:
        st.altair_chart(chart, width="stretch", alt=_display.describe())


def show_table(display: Display) -> None:
    show_frame(tabulate(display))


def show_frame(
    frame: pd.DataFrame,
    own: dict[str, Any] | None = None,
    *,
    rows: int | None = None,
    words: Collection[str] = (),
) -> None:
    """A table as people read it: the first column names the row and stays in sight, figures stand at the right.

    One of few rows is drawn as it is; a long one scrolls in a grid, which the browser needs a while to load. There,
    each column is as wide as its text at least; left to itself, the browser keeps the widths of the table before.

    Args:
        own: how columns are shown that are no figures; they need the grid.
        rows: as many of a long one are shown at once, the others scroll; left out, Streamlit chooses.
        words: columns that hold no figures.
    """
    if own is None and len(frame) <= _FEW_ROWS:
        st.html(build_table(frame, words))
        return
    names, *figures = frame.columns
    widths = {name: _measure([name, *frame[name]]) for name in frame.columns}
    columns: dict[str, Any] = {
        name: st.column_config.Column(name, alignment="left" if name in words else "right", width=widths[name])
        for name in figures
    }
    st.dataframe(
        disarm(frame) if own is None else frame,
        hide_index=True,
        width="stretch",
        height="auto" if rows is None else _ROW_PIXELS * (min(rows, len(frame)) + 1) + 3,
        column_config={
            **columns,
            **{name: {"width": widths[name]} | column for name, column in (own or {}).items()},
            names: st.column_config.Column(names, pinned=True, width=widths[names]),
        },
    )


def _measure(texts: list[Any]) -> int:
    """Pixels that a column needs, up to what leaves room for a second one on a narrow screen."""
    return min(round(_LETTER_PIXELS * max(len(str(text)) for text in texts)) + _MARGIN_PIXELS, _WIDEST_PIXELS)
