"""Share menu of a comparison or report: links and downloads in each format."""

from functools import partial

import streamlit as st

from core.actions.report import create_report
from core.jobs.comparison_choice import RUNS
from core.reports.default_report import write_default
from core.reports.format import FORMATS, Edition, pack
from core.store.comparison import Comparison
from core.ui.access import action_button
from core.ui.display import cached_result
from core.ui.reports.listing import save_comparison
from core.ui.reports.preview import build_draft_document
from core.ui.session import home
from core.ui.view_link import show_link, show_view_links
from core.ui.widget import MAX_CHARS


def share_comparison(comparison: Comparison) -> None:
    """Show a popover that saves or downloads the default report of a comparison."""
    with st.popover("Share", icon=":material/share:", on_change="rerun", key="share") as popover:
        if not popover.open:
            return
        if action_button(create_report, "Save as report", icon=":material/note_add:", type="primary", width="stretch"):
            save_comparison(comparison)
        st.caption("Save the comparison as a report to add your own text and publish it.")
        _show_comparison_link(comparison)
        with st.spinner("Building the report…"):
            edition = Edition(build_draft_document(cached_result(comparison, write_default)))
        _show_downloads(edition)


def show_share_menu(edition: Edition) -> None:
    """Show a popover with the link and the downloads of a report; files are created on download."""
    with st.popover("Share", icon=":material/share:", on_change="rerun", key=f"share-{edition.address}") as popover:
        if not popover.open:
            return
        if edition.address:
            st.caption("Link to this version, for users of this dashboard:")
            show_link("reports", report=edition.address)
            show_view_links(edition.address)
        else:
            st.caption("A draft changes with its runs. Publish it to get a permanent link.")
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


def _show_comparison_link(comparison: Comparison) -> None:
    """Show a link to exactly these runs: it opens the same comparison after other runs have finished."""
    runs = ",".join(run.run_id for run in comparison.runs)
    if len(runs) > MAX_CHARS:
        st.caption("This comparison has too many runs for a link. Save it as a report, or save the comparison.")
        return
    st.caption("Link to these runs, for users of this dashboard:")
    show_link("compare", compare=RUNS + runs, **({"baseline": comparison.baseline} if comparison.baseline else {}))
