"""Images behind a fairness check: leaked, contradicting or empty ones, and the accuracy without leaked images."""

import streamlit as st

from core.analysis.check import Check
from core.datasets.dataset_key import key_or_name
from core.datasets.inspect import InspectedDataset
from core.displays.data_headline import write_finding_title
from core.displays.markdown import escape_markdown
from core.displays.views.leaked_accuracy import LeakedAccuracy
from core.errors import HeadroomError
from core.store.comparison import Comparison
from core.ui.data.display import open_inspected
from core.ui.data.findings import show_finding_images
from core.ui.display import cached_description, show_display


def show_check_images(comparison: Comparison, check: Check) -> None:
    """Show the images of the findings that a check reports, if their dataset is available."""
    if check.name == "leak":
        leaked = LeakedAccuracy(comparison)
        show_display(leaked, title="", described=True)
        st.caption(escape_markdown(cached_description(leaked)))
    data = _open_data(comparison)
    if data is None or data.findings is None:
        return
    for code in [*dict.fromkeys(data.findings.images["code"])]:
        if code in check.findings:
            st.markdown(f"**{escape_markdown(write_finding_title(code))}**")
            show_finding_images(data, code)
    link = {"dataset_shown": data.key}
    st.page_link("pages/data.py", label="View the data", query_params=link, icon=":material/dataset:")


def _open_data(comparison: Comparison) -> InspectedDataset | None:
    """Open the dataset of a comparison; None if it is not available or has changed."""
    spec = comparison.first.spec
    try:
        data = open_inspected(key_or_name(spec.dataset, spec.folder))
    except HeadroomError:  # the check states it
        return None
    return data if data.info.fingerprint == comparison.first.record.data.fingerprint else None
