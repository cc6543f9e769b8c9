"""Train finished runs for more epochs."""

import streamlit as st

from core.actions.job import train_runs
from core.plural import format_plural
from core.spec import SETTINGS
from core.store.comparison import Comparison
from core.ui.access import action_button, check_permission
from core.ui.navigation import open_page
from core.ui.submission import submit_from_page

_DEFAULT = 10


def show_more_epochs(comparison: Comparison, *, key: str = "more_epochs") -> None:
    """Show a button that continues each run of a comparison from its last epoch as a new run."""
    # early-stopped runs are left out
    specs = [
        run.spec for run in comparison.runs if run.record.trained_epochs == run.spec.epochs and not run.spec.elsewhere
    ]
    max_epochs = int(SETTINGS["epochs"].high or 0) - max((spec.epochs for spec in specs), default=0)
    if max_epochs < 1 or not specs:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input("More epochs", 1, max_epochs, min(_DEFAULT, max_epochs), key=key, width=140)
        clicked = action_button(
            train_runs,
            f"Train {format_plural(epochs, 'more epoch')}",
            icon=":material/resume:",
            key=f"{key}_train",
            help="Continues each run from its last epoch with its optimizer state. The result equals that of a single, "
            "longer training run.",
        )
    if check_permission(train_runs) and clicked:
        submit_from_page(train_runs, [spec.replace(epochs=spec.epochs + epochs) for spec in specs])
        open_page("pages/train.py")
