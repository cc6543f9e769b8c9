"""List of all runs with search, filters and sorting."""

import pandas as pd
import streamlit as st

from core.displays.local_time import find_zone, format_local, name_zone
from core.displays.markdown import escape_markdown
from core.displays.number import format_plural
from core.displays.table import disarm
from core.errors import SearchError
from core.home import describe_error
from core.spec import HEADS
from core.store.comparison import describe_value
from core.store.kept_epoch import describe_keep
from core.store.note import Note, join_notes
from core.store.search import MAX_CHARS, search
from core.ui import url, widget
from core.ui.session import read_notes, store

url.register("runs_search", "runs_dataset", "runs_head", "runs_order", "runs_archived")

_ORDERS = {
    "newest first": ("finished_at", False),
    "most accurate first": ("test_accuracy", False),
    "fewest parameters first": ("params", True),
    "name": ("name", True),
}
_MAX_ROWS = 200
_MAX_NOTE_CHARS = 200
_STAR_PIXELS, _TEXT_PIXELS = 40, 150
_HELP = (
    "Words and fields, for example `head:gap acc>0.8 tag:paper`. All terms must match; a minus excludes: `-tag:draft`. "
    "Fields: tag, is (star, archived), name, note, dataset, recipe, acc, loss, params, flops, latency, and every "
    "hyperparameter."
)


def read_runs() -> tuple[pd.DataFrame, dict[str, Note]]:
    """Return all finished runs, with columns for their notes (name, tags, note, star, archived), and the notes."""
    notes = read_notes()
    return join_notes(store().frame(), notes), notes


def select_runs(frame: pd.DataFrame) -> list[str]:
    """Show the filters and the table, and return the IDs of the selected runs."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = widget.text(
            "Search", key="runs_search", placeholder="head:gap acc>0.8 tag:paper", help=_HELP, width=270,
        )  # fmt: skip
        dataset = widget.optional("Dataset", sorted(set(frame["dataset"])), key="runs_dataset", none="any", width=150)
        heads = [name for name in HEADS if name in set(frame["head"])]
        labels = {name: HEADS[name].label for name in heads}
        head = widget.optional("Head", heads, key="runs_head", format_func=labels.__getitem__, none="any", width=150)
        order = widget.selectbox("Sort by", list(_ORDERS), key="runs_order", width=190)
        archived = widget.toggle("Show archived", key="runs_archived")
    try:
        shown = search(frame, text[:MAX_CHARS])
    except SearchError as error:
        st.warning(escape_markdown(describe_error(error)), icon=":material/search_off:")
        shown = frame
    if not archived and "is:archived" not in text:
        shown = shown[~shown["archived"]]
    if dataset:
        shown = shown[shown["dataset"] == dataset]
    if head:
        shown = shown[shown["head"] == head]
    column, ascending = _ORDERS[order]
    shown = shown.sort_values(column, ascending=ascending, kind="stable")
    if column == "name":  # runs without a name last
        shown = pd.concat([shown[shown["name"] != ""], shown[shown["name"] == ""]])
    if shown.empty:
        st.info("No runs match these filters.")
        return []
    more = f" Only the first {_MAX_ROWS} are listed; use the search for others." if len(shown) > _MAX_ROWS else ""
    st.caption(
        f"{len(shown):,} of {format_plural(len(frame), 'run')}.{more} Select runs to compare, annotate, export or "
        "delete them."
    )
    return _show_table(shown.head(_MAX_ROWS))


def _show_table(shown: pd.DataFrame) -> list[str]:
    labels = {name: HEADS[name].label for name in set(shown["head"])}
    zone = find_zone(st.context.timezone)
    table = pd.DataFrame(
        {
            "★": ["★" if star else "" for star in shown["star"]],
            "Name": shown["name"],
            "Run": shown["run_id"],
            "Head": shown["head"].map(labels),
            "Test accuracy": 100 * shown["test_accuracy"],
            "Seed": shown["seed"],
            "Dataset": [describe_value("dataset", name) for name in shown["dataset"]],
            "Epochs": shown["trained_epochs"],
            "Measured at": shown["keep"].map(describe_keep) + " (" + shown["measured_epoch"].astype("str") + ")",
            "Parameters": shown["params"],
            "Tags": shown["tags"],
            "Note": shown["note"].str.slice(0, _MAX_NOTE_CHARS),
            f"Finished ({name_zone(zone)})": [format_local(at, zone) for at in shown["finished_at"]],
            "Source": shown["source"],
        }
    )
    if not shown["star"].any():
        table = table.drop(columns="★")
    table = table.drop(columns=[name for name in ("Name", "Tags", "Note") if (table[name] == "").all()])
    texts = [name for name in ("Name", "Tags", "Note") if name in table]
    table[texts] = disarm(table[texts])
    event = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="multi-row",
        key=f"runs-{hash(tuple(shown['run_id']))}",  # a selection consists of row numbers, valid only for these rows
        column_config={
            "Test accuracy": st.column_config.NumberColumn(format="%.2f%%"),
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "★": st.column_config.TextColumn(width=_STAR_PIXELS),
            **{name: st.column_config.TextColumn(width=_TEXT_PIXELS) for name in ("Name", "Tags", "Note")},
        },
    )
    return [str(shown["run_id"].iloc[row]) for row in event.selection.rows if row < len(shown)]
