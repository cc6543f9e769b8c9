"""More epochs for finished runs: what they have learned is kept."""

import streamlit as st

from core.displays.number import format_plural
from core.jobs.submit import submit_all
from core.spec import KNOBS
from core.store.comparison import Comparison
from core.ui import link
from core.ui.state import home

_USUAL = 10


def show_more(comparison: Comparison, *, key: str = "more_epochs") -> None:
    """Continues every run of a comparison from where it ended; the longer runs are runs of their own."""
    most = int(KNOBS["epochs"].high or 0) - max(run.spec.epochs for run in comparison.runs)
    if most < 1:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input("More epochs", 1, most, min(_USUAL, most), key=key, width=140)
        clicked = st.button(
            f"Train {format_plural(epochs, 'more epoch')}",
            icon=":material/resume:",
            key=f"{key}_train",
            help="Each run goes on from its last epoch, with the state of its optimizer: the result equals a training "
            "in one go.",
        )
    if clicked:
        submit_all(home(), [run.spec.replace(epochs=run.spec.epochs + epochs) for run in comparison.runs])
        link.go("pages/train.py")
