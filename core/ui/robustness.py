"""The robustness section: what each stress costs, then one of them in full with the images that the models saw."""

import streamlit as st

from core.augment.stress import STRESSES
from core.displays.stress import build_stress_strip
from core.displays.views.robustness import RobustnessCurve
from core.displays.views.robustness_loss import RobustnessLoss
from core.errors import DatasetError
from core.store.comparison import Comparison
from core.store.robustness import NAME
from core.store.run import Run
from core.ui import link
from core.ui.show import show, tell
from core.ui.state import home


def show_robustness(comparison: Comparison) -> None:
    losses = RobustnessLoss(comparison)
    tested = next((run for run in comparison.runs if NAME in run.record.checksums), None)
    if tested is None:
        st.info(tell(losses))
        return
    st.markdown(f"**{tell(losses)}**")
    left, right = st.columns(2, gap="large")
    with left:
        show(losses)
    with right:
        name = link.selectbox("Stress", list(STRESSES), key="stress", write=lambda name: STRESSES[name].label)
        show(RobustnessCurve(comparison, name))
    stress = STRESSES[name]
    st.subheader(f"{stress.label}: what the models saw", anchor=False)
    try:
        st.html(_build_strip(str(home().path), tested.run_id, name, tested))
        values = ", ".join(f"{value:g}" for value in stress.values)
        st.caption(f"The first two of these test images, from left to right at {values} ({stress.unit}).")
    except DatasetError as error:
        st.info(str(error))


@st.cache_data(show_spinner=False, max_entries=64)
def _build_strip(path: str, run_id: str, stress: str, _run: Run) -> str:
    """Made once for a run and a stress: the files behind it never change."""
    return build_stress_strip(home(), _run, STRESSES[stress])
