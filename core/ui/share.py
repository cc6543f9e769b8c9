"""Sharing: the link of a report, and the report as a file of each format."""

from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from core.actions.report import create_report
from core.reports.default_report import write_default
from core.reports.format import FORMATS, Edition, pack
from core.store.comparison import Comparison
from core.ui.access import offer
from core.ui.display import keep
from core.ui.reports.listing import save_comparison
from core.ui.reports.preview import draw_document
from core.ui.session import home


def share_comparison(comparison: Comparison) -> None:
    """A fold with the report that a comparison gives by itself: to be saved, or taken along."""
    with st.popover("Share", icon=":material/share:", on_change="rerun", key="share") as fold:
        if not fold.open:
            return
        if offer(create_report, "Save as a report", icon=":material/note_add:", type="primary", width="stretch"):
            save_comparison(comparison)
        st.caption("To put words of your own between the views, and to publish it.")
        with st.spinner("Drawing the report…"):
            edition = Edition(draw_document(keep(comparison, write_default)))
        _offer_files(edition)


def show_share(edition: Edition) -> None:
    """A fold with the link and the downloads; a file is made when somebody asks for it."""
    with st.popover("Share", icon=":material/share:", on_change="rerun", key=f"share-{edition.address}") as fold:
        if not fold.open:
            return
        if edition.address:
            st.caption("The link of this version, which stays as it is:")
            st.code(_write_link(edition.address), language=None)
        else:
            st.caption("A draft changes with its runs. Publish it to give others a link that stays as it is.")
        _offer_files(edition)


def _offer_files(edition: Edition) -> None:
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
    """Of the page that this is, wherever it is served."""
    parts = urlsplit(st.context.url or "/reports")
    return parts._replace(query=f"report={address}", fragment="").geturl()
