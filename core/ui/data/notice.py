"""Notice of the Train page: classes, images and main finding of its dataset."""

import streamlit as st

from core.datasets.cache import DatasetStatus
from core.datasets.dataset_key import key_or_name
from core.displays.data_display import count_names
from core.displays.data_headline import find_worst, write_main_finding
from core.displays.dataset_summary import write_image_counts
from core.displays.markdown import escape_markdown
from core.errors import HeadroomError
from core.ui.data.display import is_usable, open_inspected

_SHOWN = {"error": st.error, "warning": st.warning}


def show_data_notice(status: DatasetStatus) -> None:
    """Show the classes and images of an available dataset, its most severe finding, and a link to the Data page."""
    if not is_usable(status):
        return
    key = key_or_name(status.name, status.folder)
    try:
        data = open_inspected(key)
    except HeadroomError:  # the form shows its message
        return
    worst, text = find_worst(data), escape_markdown(write_main_finding(data))
    counts = escape_markdown(f"{count_names(data)}; {write_image_counts(data.info)}.")
    severe = worst is not None and worst.severity in _SHOWN
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(counts if severe else f"{counts} {text}".strip(), width="content")
        st.page_link(
            "pages/data.py", label="View the data", query_params={"dataset_shown": key}, icon=":material/dataset:"
        )
    if severe and worst is not None:
        _SHOWN[worst.severity](text, icon=":material/dataset:")
