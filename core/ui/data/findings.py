"""Findings of the Data page: problems of the images, the most severe first."""

import streamlit as st

from core.datasets.inspect import InspectedDataset
from core.displays.data.data_findings import DataFindings
from core.displays.markdown import escape_markdown

_BOXES = {"error": (st.error, "error"), "warning": (st.warning, "warning"), "note": (st.info, "info")}


def show_findings(data: InspectedDataset) -> None:
    """Show every finding."""
    for row in DataFindings(data).frame().to_dict("records"):
        box, icon = _BOXES[row["severity"]]
        box(f"**{escape_markdown(row['code'])}** {escape_markdown(row['message'])}", icon=f":material/{icon}:")
