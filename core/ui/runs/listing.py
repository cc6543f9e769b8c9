"""List of all runs with search, filters, sorting and columns to choose. A click on a run opens its page."""

from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.datasets.dataset_key import FOLDER, label_of_run
from core.displays.local_time import find_zone, name_zone
from core.displays.markdown import escape_markdown
from core.displays.run_columns import ALWAYS, DEFAULT_COLUMNS, RUN_COLUMNS, build_run_table
from core.errors import SearchError
from core.home import describe_error
from core.plural import format_plural
from core.spec import DATASETS, ELSEWHERE, HEADS
from core.store.note import Note, join_notes
from core.store.search import MAX_CHARS, parse_search, search
from core.store.withheld import describe_withheld
from core.ui import url, widget
from core.ui.errors import callback
from core.ui.run_link import request_run
from core.ui.session import read_notes, store

url.register("runs_search", "runs_dataset", "runs_head", "runs_order", "runs_archived", "runs_columns")

_ORDERS = {
    "newest first": ("finished_at", False),
    "most accurate first": ("test_accuracy", False),
    "fewest parameters first": ("params", True),
    "name": ("name", True),
}
_ROW_PIXELS, _MAX_ROWS = 35, 15  # visible at once; the others are reached by scrolling
_STAR_PIXELS, _TEXT_PIXELS = 40, 150
_SELECTED = "selected runs"
_HELP = (
    "Words and fields, for example `head:gap acc>0.8 tag:paper`. All terms must match; a minus excludes: `-tag:draft`. "
    "Fields: tag, is (star, archived, withheld), name, note, dataset, recipe, acc, loss, params, flops, latency, and "
    "every hyperparameter."
)


@dataclass(frozen=True)
class RunFilter:
    """Search and filters, which decide the rows of the table, and their order."""

    text: str
    dataset: str | None
    head: str | None
    order: str
    archived: bool


def read_runs() -> tuple[pd.DataFrame, dict[str, Note]]:
    """Return all finished runs, with columns for their notes (name, tags, note, star, archived), and the notes.

    The frame is shared by all sessions and must not be changed.
    """
    notes = read_notes()
    return _join(*_key(notes), notes), notes


def _key(notes: dict[str, Note]) -> tuple[str, tuple[int, ...], int]:
    """Return a value that changes with the runs and their notes."""
    return str(store().home.path), store().generation, hash(frozenset(notes.items()))


@st.cache_resource(show_spinner=False, max_entries=2)
def _join(path: str, generation: tuple[int, ...], noted: int, _notes: dict[str, Note]) -> pd.DataFrame:
    return join_notes(store().frame(), _notes)


def select_runs(frame: pd.DataFrame, notes: dict[str, Note]) -> list[str]:
    """Show the filters and the table, and return the IDs of the selected runs.

    A selection is kept while the filters hide its runs, and during visits to other pages.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        choice = _choose(frame)
        with st.popover("Columns", icon=":material/view_column:"):
            labels = {name: column.label for name, column in RUN_COLUMNS.items() if name not in ALWAYS}
            default = [name for name in DEFAULT_COLUMNS if name in labels]
            names = widget.multiselect(
                "Columns", [*labels], default, key="runs_columns", format_func=labels.__getitem__
            )
    zone = find_zone(st.context.timezone)
    try:
        parse_search(choice.text)
    except SearchError as error:
        st.warning(escape_markdown(describe_error(error)), icon=":material/search_off:")
        choice = replace(choice, text="")
    ids, table = _build_table(*_key(notes), choice, tuple(names), name_zone(zone), frame, zone)
    selected: list[str] = st.session_state.get(_SELECTED, [])
    if selected:
        known = set(frame["run_id"])
        selected = [run_id for run_id in selected if run_id in known]
    if not ids:
        st.info("No runs match these filters.")
    else:
        st.caption(
            f"{len(ids):,} of {format_plural(len(frame), 'run')}. Click a run to open it. Check the boxes of runs to "
            "compare, archive, export or delete them."
        )
        if withheld := int(frame["withheld"].sum()):
            st.caption(escape_markdown(describe_withheld(withheld)))
        selected = _show_table(ids, table, selected)
    st.session_state[_SELECTED] = selected
    _show_hidden(selected, ids)
    return selected


def _choose(frame: pd.DataFrame) -> RunFilter:
    """Show the search and the filters."""
    text = widget.text("Search", key="runs_search", placeholder="head:gap acc>0.8 tag:paper", help=_HELP, width=200)
    datasets = {name: label_of_run(FOLDER, name, name) for name in sorted({*_name_dataset(frame)} - {""})}
    datasets |= {FOLDER: DATASETS[FOLDER].label} if (frame["dataset"] == FOLDER).any() else {}
    dataset = widget.optional(
        "Dataset", [*datasets], key="runs_dataset", format_func=datasets.__getitem__, none="any", width=130
    )
    found = {*frame["head"].unique()}
    heads = [name for name in HEADS if name in found]
    labels = {name: HEADS[name].label for name in heads} | {ELSEWHERE: "trained elsewhere"}
    heads += [ELSEWHERE] if (frame["elsewhere"] != "").any() else []
    head = widget.optional("Head", heads, key="runs_head", format_func=labels.__getitem__, none="any", width=130)
    order = widget.selectbox("Sort by", list(_ORDERS), key="runs_order", width=170)
    archived = widget.toggle("Show archived", key="runs_archived")
    return RunFilter(text[:MAX_CHARS], dataset, head, order, archived)


def _name_dataset(frame: pd.DataFrame) -> pd.Series:
    """Return the names of the datasets; empty where a run from elsewhere has none."""
    return frame["folder"].where(frame["dataset"] == FOLDER, frame["dataset"])


@st.cache_resource(show_spinner=False, max_entries=4)
def _build_table(
    path: str, generation: tuple[int, ...], noted: int, choice: RunFilter, names: tuple[str, ...], zone: str,
    _frame: pd.DataFrame, _zone: tzinfo,
) -> tuple[list[str], pd.DataFrame]:  # fmt: skip
    """Return the IDs of the matching runs in the selected order, and their table. Cached for all sessions, because most
    script runs of the page change neither."""
    shown = _filter(_frame, choice)
    return shown["run_id"].tolist(), build_run_table(shown, names, _zone)


def _filter(frame: pd.DataFrame, choice: RunFilter) -> pd.DataFrame:
    shown = search(frame, choice.text)
    if not choice.archived and "is:archived" not in choice.text:
        shown = shown[~shown["archived"]]
    if choice.dataset:
        shown = shown[(_name_dataset(shown) == choice.dataset) | (shown["dataset"] == choice.dataset)]
    if choice.head:
        shown = shown[shown["head"] == choice.head]
    column, ascending = _ORDERS[choice.order]
    shown = shown.sort_values(column, ascending=ascending, kind="stable")
    if column == "name":  # runs without a name last
        shown = pd.concat([shown[shown["name"] != ""], shown[shown["name"] == ""]])
    return shown


def _show_table(ids: list[str], table: pd.DataFrame, selected: list[str]) -> list[str]:
    """Show the table with its selection and return the selected IDs, with those that are not shown."""
    key = f"runs-{hash(tuple(ids))}"  # a selection consists of row numbers, valid only for these rows
    if key not in st.session_state:
        rows = {run_id: row for row, run_id in enumerate(ids)}
        checked = sorted(rows[run_id] for run_id in selected if run_id in rows)
        st.session_state[key] = {"selection": {"rows": checked, "columns": [], "cells": []}}
    event = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height=_ROW_PIXELS * (min(len(table), _MAX_ROWS) + 1) + 3,
        on_select=callback(partial(request_run, ids, key, RUN_COLUMNS["star"].label)),
        selection_mode=["multi-row", "single-cell"],
        key=key,
        column_config=_configure_columns(table),
        placeholder="",
    )
    visible = set(ids)
    picked = [ids[row] for row in event.selection.rows if row < len(ids)]
    selected = [run_id for run_id in selected if run_id not in visible or run_id in picked]
    selected += [run_id for run_id in picked if run_id not in selected]
    return selected


def _configure_columns(table: pd.DataFrame) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for column in RUN_COLUMNS.values():
        if column.kind == "percent":
            columns[column.label] = st.column_config.NumberColumn(format="%.2f%%")
        elif column.kind == "number":
            columns[column.label] = st.column_config.NumberColumn(format="localized")
    columns |= {name: st.column_config.TextColumn(width=_TEXT_PIXELS) for name in ("Name", "Tags", "Note")}
    columns["★"] = st.column_config.TextColumn(width=_STAR_PIXELS)
    return {name: column for name, column in columns.items() if name in table}


def _show_hidden(selected: list[str], shown: list[str]) -> None:
    """Show the number of selected runs and a button to clear the selection, if some of them are not in the table."""
    if not selected:
        return
    hidden = set(selected) - set(shown)
    with st.container(horizontal=True, vertical_alignment="center"):
        note = f", {len(hidden):,} of them not in the list with these filters" if hidden else ""
        st.markdown(f"**{format_plural(len(selected), 'run')} selected**{note}.", width="content")
        if st.button("Clear selection", icon=":material/clear:", type="tertiary"):
            clear_selection()
            st.rerun()


def clear_selection() -> None:
    """Select no run, from the next script run on."""
    st.session_state[_SELECTED] = []
    for key in [key for key in st.session_state if str(key).startswith("runs-")]:
        del st.session_state[key]
