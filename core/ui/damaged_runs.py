"""Run folders that cannot be read."""

import streamlit as st

from core.home import hide_paths
from core.plural import format_plural
from core.ui.session import store


def show_damaged_runs() -> None:
    """Show the run folders that cannot be read, with the reason."""
    damaged = store().damaged()
    if damaged:
        with st.expander(format_plural(len(damaged), "damaged run folder"), icon=":material/warning:"):
            for reason in damaged.values():
                st.text(hide_paths(reason))
