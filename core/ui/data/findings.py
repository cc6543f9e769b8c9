"""Findings of the Data page: problems of the images, the most severe first, with the images that show them."""

import streamlit as st

from core.datasets.background import BackgroundJob, follow_findings, is_searching
from core.datasets.inspect import InspectedDataset
from core.displays.data.data_findings import DataFindings
from core.displays.data.finding_images import FindingImages
from core.displays.data_headline import write_finding_title
from core.displays.markdown import escape_markdown
from core.ui.data.display import show_data_display
from core.ui.data.leak_effect import LEAKS, show_leak_effect
from core.ui.errors import handle_errors
from core.ui.session import home

_ICONS = {"error": "error", "warning": "warning", "note": "info"}
_COLORS = {"error": "red", "warning": "orange", "note": "blue"}


def show_data_findings(data: InspectedDataset) -> None:
    """Show every finding with its images, or offer to search for them."""
    if not data.searched:
        _show_search(data)
    listed = {*data.findings.images["code"]} if data.findings else set()
    for number, row in enumerate(DataFindings(data).frame().to_dict("records")):
        severity = row["severity"]
        name = escape_markdown(write_finding_title(row["code"]))
        text = f":{_COLORS[severity]}[**{name}:**] {escape_markdown(row['message'])}"
        icon = f":material/{_ICONS[severity]}:"
        if row["code"] not in listed:
            with st.container(border=True):
                st.markdown(f"{icon} :small[{text}]")
            continue
        worst = number == 0 and severity != "note"
        key = f"finding-{row['code']}-{data.key}"
        with st.expander(text, worst, icon=icon, on_change="rerun", key=key) as fold:
            if fold.open:
                if row["code"] in LEAKS:
                    show_leak_effect(data)
                show_finding_images(data, row["code"])


def show_finding_images(data: InspectedDataset, code: str) -> None:
    """Show the images of a finding in groups, with pages."""
    images = FindingImages(data, code)
    page = 1
    if images.pages > 1:
        page = int(st.number_input(f"Page of {images.pages:,}", 1, images.pages, key=f"finding-{code}-page", width=140))
    st.caption(escape_markdown(images.describe()))
    show_data_display(FindingImages(data, code, page), title=False, table=False)


def _show_search(data: InspectedDataset) -> None:
    """Show the button that searches the images, or that the search is running."""
    if is_searching(data.dataset):
        _watch_search(data)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("These images have not been searched for duplicates and other problems.", width="content")
        if st.button("Search", icon=":material/search:", help="Takes about 10 s for 60,000 small images."):
            follow_findings(home(), data.dataset, 0)
            st.rerun()


@st.fragment(run_every=1.0)
def _watch_search(data: InspectedDataset) -> None:
    with handle_errors():
        if not isinstance(follow_findings(home(), data.dataset, 0), BackgroundJob):
            st.rerun()
        st.progress(0.0, "Searching for duplicates and other problems")
