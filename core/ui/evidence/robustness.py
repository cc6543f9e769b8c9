"""The robustness section: what each stress costs, then one of them in full with the images that the models saw."""

import streamlit as st

from core.augment.corruption import CORRUPTIONS
from core.displays.corruption_strip import build_corruption_strip
from core.displays.views.robustness import RobustnessCurve
from core.displays.views.robustness_loss import RobustnessLoss
from core.errors import DatasetError
from core.store.comparison import Comparison
from core.store.robustness_file import NAME
from core.store.run import Run
from core.ui import url, widget
from core.ui.display import show_display, show_sentence
from core.ui.session import home

url.register("corruption")


def show_robustness(comparison: Comparison) -> None:
    losses = RobustnessLoss(comparison)
    tested = next((run for run in comparison.runs if NAME in run.record.checksums), None)
    if tested is None:
        st.info(show_sentence(losses))
        return
    st.markdown(f"**{show_sentence(losses)}**")
    left, right = st.columns(2, gap="large")
    with left:
        show_display(losses)
    with right:
        name = widget.selectbox(
            "Corruption", list(CORRUPTIONS), key="corruption", write=lambda name: CORRUPTIONS[name].label
        )
        show_display(RobustnessCurve(comparison, name))
    corruption = CORRUPTIONS[name]
    st.subheader(f"{corruption.label}: what the models saw", anchor=False)
    try:
        st.html(_build_strip(str(home().path), tested.run_id, name, tested))
        values = ", ".join(f"{value:g}" for value in corruption.values)
        st.caption(f"The first two of these test images, from left to right at {values} ({corruption.unit}).")
    except DatasetError as error:
        st.info(str(error))


@st.cache_data(show_spinner=False, max_entries=64)
def _build_strip(path: str, run_id: str, corruption: str, _run: Run) -> str:
    """Made once for a run and a stress: the files behind it never change."""
    return build_corruption_strip(home(), _run, CORRUPTIONS[corruption])
