"""List of saved reports, the button for a new report, and deleted reports."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from core.actions.report import clear_reports, create_report, delete_report, may_restore, restore_reports
from core.displays.markdown import escape_markdown
from core.displays.table import disarm
from core.errors import HeadroomError
from core.home import describe_error
from core.plural import format_plural
from core.reports.comment import Comment
from core.reports.default_report import write_default
from core.reports.report import MAX_RUNS
from core.reports.report_store import ReportEntry, ReportStore
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.access import act, action_button, user
from core.ui.errors import callback
from core.ui.heading import show_summary, show_title
from core.ui.navigation import open_page, request_page
from core.ui.reports.comments import list_open_comments
from core.ui.session import home, selected_comparison, show_missing_runs
from core.ui.trash import show_trash

url.register("report", "reports_search")

_DELETED = "deleted reports"


@st.cache_resource(show_spinner=False)
def _open_report_store(path: str) -> ReportStore:
    return ReportStore(home())


def report_store() -> ReportStore:
    """Return the report store of the home, shared by all sessions."""
    return _open_report_store(str(home().path))


def read_address() -> str:
    """Return the address of the report in the URL; empty if missing."""
    return st.query_params.get("report", "")


def open_report(address: str) -> None:
    """Open a report on the Reports page; the empty address opens the list."""
    open_page("pages/reports.py", {"report": address} if address else {})


def show_reports() -> None:
    """Show the list of reports."""
    show_title("Reports")
    entries, damaged = report_store().list_all()
    _show_new_button()
    _show_deleted()
    for message in [*damaged.values(), *(entry.notice for entry in entries if entry.notice)]:
        st.warning(escape_markdown(message), icon=":material/warning:")
    if not entries:
        show_summary("No reports yet.")
        st.write("A report combines the charts of a comparison with your own text. Create one to share your results.")
        return
    comments = list_open_comments(entry.draft.id for entry in entries)
    _show_mentions(entries, comments)
    text = widget.text("Search", key="reports_search", placeholder="title or owner", width=330)
    words = text.lower().split()
    shown = [entry for entry in entries if all(word in _write_search_text(entry) for word in words)]
    if not shown:
        st.info("No reports match this search.")
        return
    st.caption(f"{len(shown):,} of {format_plural(len(entries), 'report')}. Select a report to open it.")
    ids = [entry.draft.id for entry in shown]
    key = f"reports-{hash(tuple(ids))}"
    st.dataframe(
        disarm(_build_table(shown, comments)),
        hide_index=True,
        width="stretch",
        on_select=callback(partial(_open_selected, ids, key)),
        selection_mode="single-row",
        key=key,
        column_config={"Title": st.column_config.TextColumn(width="large")},
    )


def _show_mentions(entries: list[ReportEntry], comments: Mapping[str, tuple[Comment, ...]]) -> None:
    """Show buttons that open the reports with open comments that mention the user."""
    name = user().signature
    for entry in entries if name else ():
        if any(comment.mentions(name) for comment in comments[entry.draft.id]):
            label = f"You are mentioned in {escape_markdown(entry.draft.report.title)}"
            if st.button(label, icon=":material/alternate_email:", key=f"mentioned-{entry.draft.id}"):
                open_report(entry.draft.id)


def _open_selected(ids: list[str], key: str) -> None:
    for row in st.session_state[key]["selection"]["rows"]:
        request_page("pages/reports.py", {"report": ids[row]})


def _write_search_text(entry: ReportEntry) -> str:
    return f"{entry.draft.report.title} {entry.draft.report.owner} {entry.draft.id}".lower()


def _build_table(entries: list[ReportEntry], comments: Mapping[str, tuple[Comment, ...]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Title": [entry.draft.report.title for entry in entries],
            "Status": [f"version {entry.versions[-1]}" if entry.versions else "draft" for entry in entries],
            "Open comments": [len(comments[entry.draft.id]) for entry in entries],
            "Runs": [len(entry.draft.report.runs) for entry in entries],
            "Modified (UTC)": [entry.draft.at[:16].replace("T", " ") for entry in entries],
            "Owner": [entry.draft.report.owner for entry in entries],
            "Report": [entry.draft.id for entry in entries],
        }
    )


def _show_new_button() -> None:
    try:
        comparison = selected_comparison()
    except HeadroomError as error:
        st.info(escape_markdown(describe_error(error)), icon=":material/info:")
        return
    show_missing_runs()
    if comparison is None:
        st.write("A report needs finished runs. Train a comparison first.")
        st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
    elif action_button(
        create_report,
        "New report from this comparison",
        help=f"A report may have at most {MAX_RUNS} runs; this comparison has {len(comparison.runs):,}.",
        disabled=len(comparison.runs) > MAX_RUNS,
        icon=":material/note_add:",
        type="primary",
    ):
        save_comparison(comparison)


def save_comparison(comparison: Comparison) -> None:
    """Save the default report of a comparison and open it."""
    open_report(act(create_report, write_default(comparison)).id)


def delete_and_close(report_id: str) -> None:
    """Delete a report and open the list."""
    act(delete_report, report_id)
    st.session_state[_DELETED] = [report_id]
    open_report("")


def _show_deleted() -> None:
    deleted = [name for name in report_store().removed() if may_restore(user(), home(), name)]
    show_trash("report", deleted, st.session_state.get(_DELETED, []), restore_reports, clear_reports)
