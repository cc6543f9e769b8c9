"""Images section of the Data page: labelled images by split and class, with pages."""

from dataclasses import replace
from typing import get_args

import streamlit as st

from core.datasets.inspect import InspectedDataset
from core.displays.data.samples import Samples, Split
from core.displays.dataset_summary import SPLIT_LABELS
from core.displays.markdown import escape_markdown
from core.ui import url, widget
from core.ui.data.display import show_data_display
from core.ui.errors import callback

url.register("sample_split", "sample_class", "sample_page")


def show_samples(data: InspectedDataset) -> None:
    """Show the filters and one page of images. Every setting is part of the URL."""
    splits: list[Split] = [split for split in get_args(Split) if len(data.find_rows(split))]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        split = widget.segmented(
            "Split", splits, key="sample_split", format_func=lambda name: SPLIT_LABELS[name].capitalize(),
            on_change=_go_to_first_page,
        )  # fmt: skip
        label = widget.optional(
            escape_markdown(data.noun.capitalize()),
            range(len(data.names)), key="sample_class", format_func=data.names.__getitem__,
            none="any", width=220, on_change=_go_to_first_page,
        )  # fmt: skip
        samples = Samples(data, split, label)
        if st.session_state.get("sample_page", 1) > samples.pages:  # left over from a longer list
            st.session_state["sample_page"] = samples.pages
        page = widget.number(
            f"Page of {samples.pages:,}", 1, samples.pages, key="sample_page", width=140, disabled=samples.pages == 1
        )
    if not samples.total:
        st.info("No image of this split has this class. Select another split or class.", icon=":material/info:")
        return
    samples = replace(samples, page=page)
    st.caption(escape_markdown(samples.describe()))
    show_data_display(samples, title=False)


@callback
def _go_to_first_page() -> None:
    st.session_state["sample_page"] = 1
