"""More epochs for finished runs: what they have learned is kept."""

import streamlit as st

from core.actions.job import train_runs
from core.displays.number import format_plural
from core.spec import SETTINGS
from core.store.comparison import Comparison
from core.ui import url
from core.ui.access import act, offer, show_denial

_USUAL = 10


def show_more(comparison: Comparison, *, key: str = "more_epochs") -> None:
    """Continues every run of a comparison from where it ended; the longer runs are runs of their own."""
    specs = [run.spec for run in comparison.runs if run.record.trained_epochs == run.spec.epochs]  # not at an end
    most = int(SETTINGS["epochs"].high or 0) - max((spec.epochs for spec in specs), default=0)
    if most < 1 or not specs:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input("More epochs", 1, most, min(_USUAL, most), key=key, width=140)
        clicked = offer(
            train_runs,
            f"Train {format_plural(epochs, 'more epoch')}",
            icon=":material/resume:",
            key=f"{key}_train",
            help="Each run goes on from its last epoch, with the state of its optimizer: the result equals a training "
            "in one go.",
        )
    if show_denial(train_runs) and clicked:
        act(train_runs, [spec.replace(epochs=spec.epochs + epochs) for spec in specs])
        url.go("pages/train.py")
