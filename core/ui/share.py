"""Share menu of a comparison or report: permanent link and downloads in each format."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from core.actions.report import create_report
from core.reports.comment import Comment, add_comments
from core.reports.default_report import write_default
from core.reports.format import FORMATS, Edition, pack
from core.store.comparison import Comparison
from core.ui.access import action_button
from core.ui.display import cached_result
from core.ui.reports.listing import save_comparison
from core.ui.reports.preview import build_draft_document
from core.ui.session import home


def share_comparison(comparison: Comparison) -> None:
    """Show a popover that saves or downloads the default report of a comparison."""
    with st.popover("Share", icon=":material/share:", on_change="rerun", key="share") as popover:
        if not popover.open:
            return
        if action_button(create_report, "Save as report", icon=":material/note_add:", type="primary", width="stretch"):
            save_comparison(comparison)
        st.caption("Save the comparison as a report to add your own text and publish it.")
        with st.spinner("Building the report…"):
            edition = Edition(build_draft_document(cached_result(comparison, write_default)))
        _show_downloads(edition)


def show_share_menu(edition: Edition, comments: Sequence[Comment] = ()) -> None:
    """Show a popover with the link and the downloads of a report; files are created on download, with the comments if
    the user wants them."""
    with st.popover("Share", icon=":material/share:", on_change="rerun", key=f"share-{edition.address}") as popover:
        if not popover.open:
            return
        if edition.address:
            st.caption("Permanent link to this version:")
            st.code(_write_link(edition.address), language=None)
        else:
            st.caption("A draft changes with its runs. Publish it to get a permanent link.")
        if comments and st.toggle("With comments", key=f"share-comments-{edition.address}"):
            edition = replace(edition, document=add_comments(edition.document, comments))
        _show_downloads(edition)


def _show_downloads(edition: Edition) -> None:
    for name, form in FORMATS.items():
        st.download_button(
            form.label,
            partial(_write, name, edition),
            file_name=f"{edition.stem}{'.zip' if form.several else form.suffix}",
            mime="application/zip" if form.several else form.mime,
            icon=":material/download:",
            on_click="ignore",
            key=f"download-{name}-{edition.address}",
            width="stretch",
        )


def _write(name: str, edition: Edition) -> bytes:
    return pack(FORMATS[name].write(edition, home()))


def _write_link(address: str) -> str:
    """Return the URL of a report at the address of the current page."""
    parts = urlsplit(st.context.url or "/reports")
    return parts._replace(query=f"report={address}", fragment="").geturl()
