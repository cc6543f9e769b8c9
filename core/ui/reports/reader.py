"""One report on a page: its draft, which follows its runs, or a published version."""

from typing import Any

import streamlit as st

from core.access.action import Action
from core.actions.report import check_author, delete_report, duplicate_report, publish_report, save_report
from core.displays.markdown import escape_markdown
from core.errors import AccessError, ReportConflictError, ReportError
from core.home import describe_error
from core.reports.address import split_address
from core.reports.document import Document
from core.reports.format import Edition
from core.reports.revision import Draft, PublishedVersion
from core.ui import url, widget
from core.ui.access import act, action_button, denial_reason, user
from core.ui.reports.changes import show_changes
from core.ui.reports.comments import CommentPanel, read_comments
from core.ui.reports.document import choose_all_sections, show_heading, show_reproduction_section, show_sections
from core.ui.reports.editor import edit, show_editing, stop_editing
from core.ui.reports.listing import delete_and_close, open_report, report_store
from core.ui.reports.preview import build_draft_document
from core.ui.session import home
from core.ui.share import show_share_menu

url.register("editing")


def show_report(address: str) -> None:
    """Show the draft or the published version with this address.

    Raises:
        ReportError: when the report does not exist.
    """
    try:
        report_id, version = split_address(address)
        draft, versions = report_store().read(report_id), report_store().versions(report_id)
        if version is not None and version not in versions:
            report_store().open(address)  # raises ReportError
    except ReportError:
        show_back_button()
        raise
    if version is None:
        if notice := report_store().find_notice(draft):
            st.warning(escape_markdown(notice), icon=":material/warning:")
        _show_draft(draft, versions)
    else:
        _show_published(_open_published(str(home().path), address), draft, versions)


@st.cache_resource(show_spinner=False, max_entries=16)
def _open_published(path: str, address: str) -> PublishedVersion:
    """Open a published version, cached because it never changes."""
    return report_store().open(address)


def _show_published(published: PublishedVersion, draft: Draft, versions: tuple[int, ...]) -> None:
    edition = Edition.of(published)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_back_button()
        _choose_version(draft.id, versions, published.address)
        if st.button("Edit draft", icon=":material/edit:"):
            open_report(draft.id)
        _show_report_buttons(draft, edition)
        all_open = choose_all_sections(published.document)
    if published.version < versions[-1]:
        st.info(f"Version {versions[-1]:d} of this report is newer.", icon=":material/update:")
    show_heading(published.document, edition.describe())
    comments = CommentPanel(draft.id, published.document, published.version)
    comments.show_summary()
    show_sections(published.document, comments, all_open=all_open)
    with st.container(gap=None):
        show_reproduction_section(published.document, is_open=all_open)
        show_changes(draft, published.document, published.address)
    comments.show_report()
    st.caption(f"SHA-256 of the content: {published.checksum}")


def _show_draft(draft: Draft, versions: tuple[int, ...]) -> None:
    bar = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with bar:
        show_back_button()
        _choose_version(draft.id, versions, "")
        reason = find_denial_reason(draft)
        editing = widget.toggle("Edit", key="editing", disabled=reason is not None, help=reason) and reason is None
    if editing:
        shown = show_editing(draft)
    else:
        stop_editing()
        shown = draft
    with st.spinner("Building the report…"):
        document = build_draft_document(shown.report)
    edition = Edition(document)
    with bar:
        help_text = "Saves this state as a version that does not change."
        if st.button(
            "Publish",
            type="primary",
            icon=":material/publish:",
            help=reason or help_text,
            disabled=reason is not None,
        ):
            _publish(shown, document)
        _show_report_buttons(shown, edition)
        all_open = not editing and choose_all_sections(document)
    show_heading(document, edition.describe())
    comments = CommentPanel(draft.id, document)
    comments.show_summary()
    if editing:
        edit(shown, document, comments)
    else:
        show_sections(document, comments, all_open=all_open)
    with st.container(gap=None):
        show_reproduction_section(document, is_open=all_open)
        show_changes(shown, document)
    comments.show_report()


def find_denial_reason(draft: Draft, action: Action[..., Any] = save_report) -> str | None:
    """Return why the user of this session may not run an action on a report, as Markdown, or None if they may."""
    try:
        check_author(user(), draft)
    except AccessError as error:
        return denial_reason(action) or escape_markdown(describe_error(error))
    return denial_reason(action)


def show_back_button() -> None:
    """Show the button that opens the list of reports."""
    if st.button("All reports", icon=":material/arrow_back:", type="tertiary"):
        open_report("")


def _show_report_buttons(draft: Draft, edition: Edition) -> None:
    show_share_menu(edition, read_comments(draft.id).comments)
    if action_button(duplicate_report, "Duplicate", icon=":material/content_copy:"):
        open_report(act(duplicate_report, draft.report).id)
    reason = find_denial_reason(draft, delete_report)
    help_text = reason or "Deletes the draft and all versions. They can be restored."
    if st.button("Delete", icon=":material/delete:", help=help_text, disabled=reason is not None):
        delete_and_close(draft.id)


def _choose_version(report_id: str, versions: tuple[int, ...], address: str) -> None:
    if not versions:
        return
    options = [report_id, *(f"{report_id}-{version}" for version in reversed(versions))]
    names = {option: f"Version {option.partition('-')[2]}" for option in options} | {report_id: "Draft"}
    selected = st.selectbox(
        "Version", options, options.index(address or report_id), format_func=names.__getitem__, width=140,
        key=f"version-{address or report_id}", label_visibility="collapsed",
    )  # fmt: skip
    if selected != (address or report_id):
        open_report(selected)


def _publish(draft: Draft, document: Document) -> None:
    try:
        published = act(publish_report, draft, document)
    except ReportConflictError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return
    open_report(published.address)
