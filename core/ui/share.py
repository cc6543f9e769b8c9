"""Share menu of a comparison or report: links and downloads in each format."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from core.actions.report import create_report
from core.displays.number import format_bytes
from core.jobs.comparison_choice import RUNS
from core.reports.comment import Comment, add_comments
from core.reports.default_report import write_default
from core.reports.export import add_extras
from core.reports.extras import estimate_model_bytes
from core.reports.format import FORMATS, Edition, pack
from core.store.comparison import Comparison
from core.ui.access import action_button
from core.ui.display import cached_result
from core.ui.reports.listing import save_comparison
from core.ui.reports.preview import build_draft_document
from core.ui.session import home, store
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


def show_share_menu(edition: Edition, comments: Sequence[Comment] = ()) -> None:
    """Show a popover with the link and the downloads of a report; files are created on download, with the comments if
    the user wants them."""
    with st.popover("Share", icon=":material/share:", on_change="rerun", key=f"share-{edition.address}") as popover:
        if not popover.open:
            return
        if edition.address:
            st.caption("Link to this version, for users of this dashboard:")
            show_link("reports", report=edition.address)
            show_view_links(edition.address)
        else:
            st.caption("A draft changes with its runs. Publish it to get a permanent link.")
        if comments and st.toggle("With comments", key=f"share-comments-{edition.address}"):
            edition = replace(edition, document=add_comments(edition.document, comments))
        _show_downloads(edition)


def _show_downloads(edition: Edition) -> None:
    with_models = _choose_models(edition)
    for name, form in FORMATS.items():
        st.download_button(
            form.label,
            partial(_write, name, edition, with_models),
            file_name=f"{edition.stem}{'.zip' if form.several else form.suffix}",
            mime="application/zip" if form.several else form.mime,
            icon=":material/download:",
            on_click="ignore",
            key=f"download-{name}-{edition.address}",
            width="stretch",
        )


def _choose_models(edition: Edition) -> bool:
    """Show the choice of models in HTML files, with their size."""
    size = estimate_model_bytes(edition.document, store())
    return st.checkbox(
        f"HTML with models (about {format_bytes(size)} more)" if size else "HTML with models",
        key=f"models-{edition.address}",
        disabled=not size,
        help="Readers of the HTML file can draw or drop an image, and all heads predict it, offline."
        if size
        else "The runs of this report have no model files, or their models are too large.",
    )


def _write(name: str, edition: Edition, with_models: bool) -> bytes:
    models = with_models and FORMATS[name].interactive
    return pack(FORMATS[name].write(add_extras(edition, name, store(), models=models), home()))


def _show_comparison_link(comparison: Comparison) -> None:
    """Show a link to exactly these runs: it opens the same comparison after other runs have finished."""
    runs = ",".join(run.run_id for run in comparison.runs)
    if len(runs) > MAX_CHARS:
        st.caption("This comparison has too many runs for a link. Save it as a report, or save the comparison.")
        return
    st.caption("Link to these runs, for users of this dashboard:")
    show_link("compare", compare=RUNS + runs, **({"baseline": comparison.baseline} if comparison.baseline else {}))
