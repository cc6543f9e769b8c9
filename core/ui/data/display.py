"""Views of a dataset on a page, cached by the version of the dataset and the settings of the view."""

from dataclasses import fields
from typing import Any

import pandas as pd
import streamlit as st

from core.datasets.cache import DatasetStatus
from core.datasets.inspect import InspectedDataset, inspect_dataset, read_version
from core.displays.data_display import DataDisplay, ImageView
from core.displays.encoding import write_spec
from core.ui.display import draw_spec, show_frame
from core.ui.session import home


def is_usable(status: DatasetStatus) -> bool:
    """Return whether the images of a dataset can be shown; bundled ones are created at first use."""
    return status.available or (status.bundled and status.problem is None)


def open_inspected(key: str) -> InspectedDataset:
    """Open an available dataset with its report, cached for all sessions.

    Raises:
        DatasetError: when the dataset is not available or damaged.
    """
    return _inspect(str(home().path), key, read_version(home().datasets / key))


@st.cache_resource(show_spinner=False, max_entries=32)
def _inspect(path: str, key: str, version: str) -> InspectedDataset:
    return inspect_dataset(home(), key)


def show_data_display(display: DataDisplay, *, title: bool = True, table: bool = True) -> None:
    """Show a view of a dataset: its title, its chart or its images, and an expander with the data table."""
    if title:
        st.header(display.title, anchor=False)
    if isinstance(display, ImageView):
        st.html(_build_html(display.name, display.data.version, _list_settings(display), display))
    elif spec := _build_spec(display.name, display.data.version, _list_settings(display), display):
        draw_spec(spec, cached_data_description(display))
    if table:
        with st.expander("Show data table", on_change="rerun", key=f"table-{display.name}") as expander:
            if expander.open:
                show_data_frame(display)


def show_data_frame(display: DataDisplay, words: tuple[str, ...] = (), rows: int | None = None) -> None:
    """Show the table of a view."""
    show_frame(_tabulate(display.name, display.data.version, _list_settings(display), display), words=words, rows=rows)


def cached_data_frame(display: DataDisplay) -> pd.DataFrame:
    """Return the frame of a view, cached for the same data and settings. Callers must not modify it."""
    return _frame(display.name, display.data.version, _list_settings(display), display)


def cached_data_description(display: DataDisplay) -> str:
    """Return the description of a view, cached for the same data and settings."""
    return _describe(display.name, display.data.version, _list_settings(display), display)


def _list_settings(display: DataDisplay) -> dict[str, str]:
    return {f.name: str(getattr(display, f.name)) for f in fields(display) if f.name != "data"}


@st.cache_data(show_spinner=False, max_entries=64)
def _build_spec(name: str, version: str, settings: dict[str, str], _display: DataDisplay) -> dict[str, Any]:
    chart = _display.chart()
    return {} if chart is None else write_spec(chart)


@st.cache_data(show_spinner=False, max_entries=64)
def _build_html(name: str, version: str, settings: dict[str, str], _display: ImageView) -> str:
    return _display.html()


@st.cache_resource(show_spinner=False, max_entries=256)
def _describe(name: str, version: str, settings: dict[str, str], _display: DataDisplay) -> str:
    return _display.describe()


@st.cache_resource(show_spinner=False, max_entries=64)
def _frame(name: str, version: str, settings: dict[str, str], _display: DataDisplay) -> pd.DataFrame:
    return _display.frame()


@st.cache_resource(show_spinner=False, max_entries=64)
def _tabulate(name: str, version: str, settings: dict[str, str], _display: DataDisplay) -> Any:
    return _display.table()
