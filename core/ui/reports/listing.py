"""The list of saved reports, a new one, and the way back for those that were deleted."""

import pandas as pd
import streamlit as st

from core.actions.report import clear_reports, create_report, delete_report, restore_reports
from core.displays.number import format_plural
from core.displays.table import disarm
from core.errors import HeadroomError
from core.reports.default_report import write_default
from core.reports.report_store import ReportEntry, ReportStore
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.access import act, offer
from core.ui.session import chosen_comparison, home
from core.ui.trash import show_trash

url.register("report", "reports_search")

_REMOVED = "removed report"


@st.cache_resource(show_spinner=False)
def _open_shelf(path: str) -> ReportStore:
    return ReportStore(home())


def report_store() -> ReportStore:
    """The reports of the home, one list for all sessions."""
    return _open_shelf(str(home().path))


def asked_address() -> str:
    """The report that the link names, «» where it names none."""
    return st.query_params.get("report", "")


def open_report(address: str) -> None:
    """Turns the Reports page to a report; «» to the list of all."""
    st.switch_page("pages/reports.py", query_params={"report": address} if address else {})


def show_reports() -> None:
    st.title("Reports", anchor=False)
    entries = report_store().entries()
    _offer_new()
    _show_removed()
    if not entries:
        st.markdown("#### No reports yet.")
        st.write("A report puts words of your own between the views of a comparison, to be shown to somebody.")
        return
    text = widget.text("Search", key="reports_search", placeholder="words of the title, or who wrote it", width=330)
    words = text.lower().split()
    shown = [entry for entry in entries if all(word in _list_words(entry) for word in words)]
    if not shown:
        st.info("No report is like that. Choose another search.")
        return
    st.caption(f"{len(shown):,} of {format_plural(len(entries), 'report')}. Tick one to open it.")
    event = st.dataframe(
        disarm(_tabulate(shown)),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key=f"reports-{hash(tuple(entry.draft.id for entry in shown))}",
        column_config={"Title": st.column_config.TextColumn(width="large")},
    )
    if event.selection.rows:
        open_report(shown[event.selection.rows[0]].draft.id)


def _list_words(entry: ReportEntry) -> str:
    return f"{entry.draft.report.title} {entry.draft.report.owner} {entry.draft.id}".lower()


def _tabulate(entries: list[ReportEntry]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Title": [entry.draft.report.title for entry in entries],
            "State": [f"version {entry.versions[-1]}" if entry.versions else "draft" for entry in entries],
            "Runs": [len(entry.draft.report.runs) for entry in entries],
            "Changed (UTC)": [entry.draft.at[:16].replace("T", " ") for entry in entries],
            "Owner": [entry.draft.report.owner for entry in entries],
            "Report": [entry.draft.id for entry in entries],
        }
    )


def _offer_new() -> None:
    try:
        comparison = chosen_comparison()
    except HeadroomError as error:
        st.info(str(error), icon=":material/info:")
        return
    if comparison is None:
        st.write("There are no runs to report on yet.")
        st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
    elif offer(create_report, "New report of the comparison at the side", icon=":material/note_add:", type="primary"):
        save_comparison(comparison)


def save_comparison(comparison: Comparison) -> None:
    """Saves the report that a comparison gives by itself, and opens it."""
    open_report(act(create_report, write_default(comparison)).id)


def remove_report(report_id: str) -> None:
    act(delete_report, report_id)
    st.session_state[_REMOVED] = [report_id]
    open_report("")


def _show_removed() -> None:
    show_trash("report", report_store().removed(), st.session_state.get(_REMOVED, []), restore_reports, clear_reports)
