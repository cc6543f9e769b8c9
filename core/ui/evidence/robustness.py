"""Robustness section of the Evidence page: accuracy loss per corruption, and details of one corruption."""

import streamlit as st

from core.augment.corruption import CORRUPTIONS
from core.displays.corruption_strip import build_corruption_strip
from core.displays.markdown import escape_markdown
from core.displays.views.robustness import RobustnessCurve
from core.displays.views.robustness_loss import RobustnessLoss
from core.errors import DatasetError
from core.home import describe_error
from core.store.comparison import Comparison
from core.store.robustness_file import NAME
from core.store.run import Run
from core.ui import url, widget
from core.ui.display import cached_display_result, show_display
from core.ui.evidence.awaited import show_awaited
from core.ui.session import home

url.register("corruption")


def show_robustness(comparison: Comparison) -> None:
    """Show the accuracy under all corruptions, then one corruption with example images."""
    losses = RobustnessLoss(comparison)
    description = cached_display_result(losses, RobustnessLoss.describe)
    show_awaited(comparison)
    evaluated = next((run for run in comparison.runs if NAME in run.record.checksums), None)
    if evaluated is None:
        if description:
            st.info(escape_markdown(description))
        return
    st.markdown(f"**{escape_markdown(description)}**")
    left, right = st.columns(2, gap="large")
    with left:
        show_display(losses, described=True)
    with right:
        name = widget.selectbox(
            "Corruption", list(CORRUPTIONS), key="corruption", format_func=lambda name: CORRUPTIONS[name].label
        )
        show_display(RobustnessCurve(comparison, name))
    corruption = CORRUPTIONS[name]
    st.header(f"{corruption.label}: corrupted test images", anchor=False)
    try:
        st.html(_build_strip(str(home().path), evaluated.run_id, name, evaluated))
        values = ", ".join(f"{value:g}" for value in corruption.values)
        st.caption(f"The first two of the evaluated test images, from left to right at {values} ({corruption.unit}).")
    except DatasetError as error:
        st.info(escape_markdown(describe_error(error)))


@st.cache_data(show_spinner=False, max_entries=64)
def _build_strip(path: str, run_id: str, corruption: str, _run: Run) -> str:
    """Build the image strip, cached per run and corruption because its files never change."""
    return build_corruption_strip(home(), _run, CORRUPTIONS[corruption])
