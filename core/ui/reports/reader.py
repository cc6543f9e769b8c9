"""One report on a page: as a draft that follows its runs, or as a version that was frozen."""

from typing import Any

import streamlit as st

from core.access.action import Action
from core.actions.report import check_author, delete_report, duplicate_report, publish_report, save_report
from core.errors import AccessError, ReportConflictError, ReportError
from core.reports.address import split_address
from core.reports.document import Document
from core.reports.format import Edition
from core.reports.report_store import Draft, PublishedVersion
from core.ui import url, widget
from core.ui.access import act, offer, problem, user
from core.ui.reports.document import show_foot, show_heading, show_sections
from core.ui.reports.editor import edit, show_editing, stop_editing
from core.ui.reports.listing import open_report, remove_report, report_store
from core.ui.reports.preview import draw_document
from core.ui.session import home
from core.ui.share import show_share

url.register("editing")


def show_report(address: str) -> None:
    """
    Raises:
        ReportError: when there is no such report.
    """
    try:
        report_id, version = split_address(address)
        draft, versions = report_store().read(report_id), report_store().versions(report_id)
        if version is not None and version not in versions:
            report_store().open(address)  # which says so
    except ReportError:
        show_way_back()
        raise
    if version is None:
        _show_draft(draft, versions)
    else:
        _show_published(_open_published(str(home().path), address), draft, versions)


@st.cache_resource(show_spinner=False, max_entries=16)
def _open_published(path: str, address: str) -> PublishedVersion:
    """Read once: a version never changes."""
    return report_store().open(address)


def _show_published(published: PublishedVersion, draft: Draft, versions: tuple[int, ...]) -> None:
    edition = Edition.of(published)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_way_back()
        _choose_version(draft.id, versions, published.address)
        if st.button("Go on with the draft", icon=":material/edit:"):
            open_report(draft.id)
        _show_tools(draft, edition)
    if published.version < versions[-1]:
        st.info(f"There is a newer version of this report, {versions[-1]}.", icon=":material/update:")
    show_heading(published.document, edition.describe())
    show_sections(published.document)
    show_foot(published.document)
    st.caption(f"SHA-256 of what it says: {published.checksum}")


def _show_draft(draft: Draft, versions: tuple[int, ...]) -> None:
    bar = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with bar:
        show_way_back()
        _choose_version(draft.id, versions, "")
        reason = find_problem(draft)
        editing = widget.toggle("Edit", key="editing", disabled=reason is not None, help=reason) and reason is None
    if editing:
        seen = show_editing(draft)
    else:
        stop_editing()
        seen = draft
    with st.spinner("Drawing the report…"):
        document = draw_document(seen.report)
    edition = Edition(document)
    with bar:
        words = "Freezes it as it is now, as a version of its own."
        shut = reason is not None
        if st.button("Publish", type="primary", icon=":material/publish:", help=reason or words, disabled=shut):
            _publish(seen, document)
        _show_tools(seen, edition)
    show_heading(document, edition.describe())
    if editing:
        edit(seen, document)
    else:
        show_sections(document)
    show_foot(document)


def find_problem(draft: Draft, action: Action[..., Any] = save_report) -> str | None:
    """Why the person of this session may not do something with a report, None when they may."""
    try:
        check_author(user(), draft)
    except AccessError as error:
        return problem(action) or str(error)
    return problem(action)


def show_way_back() -> None:
    if st.button("All reports", icon=":material/arrow_back:", type="tertiary"):
        open_report("")


def _show_tools(draft: Draft, edition: Edition) -> None:
    show_share(edition)
    if offer(duplicate_report, "Duplicate", icon=":material/content_copy:"):
        open_report(act(duplicate_report, draft.report).id)
    reason = find_problem(draft, delete_report)
    words = reason or "With all its versions. Can be undone."
    if st.button("Delete", icon=":material/delete:", help=words, disabled=reason is not None):
        remove_report(draft.id)


def _choose_version(report_id: str, versions: tuple[int, ...], address: str) -> None:
    if not versions:
        return
    options = [report_id, *(f"{report_id}-{version}" for version in reversed(versions))]
    names = {option: f"Version {option.partition('-')[2]}" for option in options} | {report_id: "Draft"}
    chosen = st.selectbox(
        "Version", options, options.index(address or report_id), format_func=names.__getitem__, width=140,
        key=f"version-{address or report_id}", label_visibility="collapsed",
    )  # fmt: skip
    if chosen != (address or report_id):
        open_report(chosen)


def _publish(draft: Draft, document: Document) -> None:
    try:
        published = act(publish_report, draft, document)
    except ReportConflictError as error:
        st.error(str(error), icon=":material/error:")
        return
    open_report(published.address)
