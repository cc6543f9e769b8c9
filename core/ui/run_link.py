"""Links to the page of a run, the same from every table, chart and list."""

from urllib.parse import urlencode

import streamlit as st

from core.ui.url import remember_parameters

_PAGE = "pages/run.py"


def open_run(run_id: str) -> None:
    """Open the page of a run; Back restores the URL of the page with the link."""
    remember_parameters()
    st.switch_page(_PAGE, query_params={"run": run_id})


def write_run_link() -> str:
    """Return the URL to which a chart appends the ID of a run; it keeps the selected comparison."""
    compare = st.session_state.get("compare")
    return f"run?{urlencode({'compare': compare})}&run=" if compare else "run?run="
