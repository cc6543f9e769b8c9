"""Comparison of a run with others on the same test set."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.number import format_share
from core.plural import format_plural
from core.spec import HEADS, SETTINGS
from core.store.run import Run
from core.store.variant_label import name_run
from core.ui.navigation import open_page
from core.ui.session import compare_runs, store

_MAX_OPTIONS = 200


def show_compare_menu(run: Run) -> None:
    """Show the button that opens the results of a run, and a popover that compares it with others."""
    if st.button(
        "Open in Compare",
        icon=":material/balance:",
        type="primary",
        help="Shows this run on all pages: predictions, evidence and costs.",
    ):
        _compare([run.run_id])
    with st.popover("Compare with…", icon=":material/compare_arrows:", on_change="rerun", key="compare-with") as menu:
        if not menu.open:
            return
        found = _list_similar(run)
        if found.empty:
            st.caption("No other run has the same test set. Train one first.")
            return
        names = dict(zip(found["run_id"], map(_name, found.to_dict("records")), strict=True))
        selected = st.multiselect(
            "Runs on the same test set",
            [*names],
            format_func=names.__getitem__,
            key=f"compare-with-{run.run_id}",
            help=f"The {_MAX_OPTIONS} runs with the fewest differences, the most similar first. "
            "To select any others, use the Runs page.",
        )
        count = format_plural(1 + len(selected), "run")
        if st.button(f"Compare {count}", disabled=not selected, type="primary"):
            _compare([run.run_id, *selected])


def _compare(run_ids: list[str]) -> None:
    compare_runs(run_ids)
    open_page("pages/compare.py")


def _list_similar(run: Run) -> pd.DataFrame:
    """Return the other runs on the test set of a run, those with the fewest different settings first."""
    frame = store().frame()
    frame = frame[(frame["targets"] == run.record.data.targets) & (frame["run_id"] != run.run_id)]
    different = pd.Series(0, frame.index)
    for name in SETTINGS:
        value = getattr(run.spec, name)
        different += (frame[name].notna() if value is None else (frame[name] != value).fillna(True)).astype(int)
    return frame.assign(different=different).sort_values("different", kind="stable").head(_MAX_OPTIONS)


def _name(row: Mapping[Any, Any]) -> str:
    accuracy = format_share(row["test_accuracy"])
    name = row["elsewhere"] or name_run(HEADS[row["head"]].label, row["backbone"], row["model"])
    return escape_markdown(f"{name} · seed {row['seed']} · {accuracy} · {row['run_id']}")
