"""Links to the page of a run, the same from every table, chart and list."""

from collections.abc import Sequence
from typing import NoReturn
from urllib.parse import urlencode

import streamlit as st

from core.ui.navigation import open_page, request_page

_PAGE = "pages/run.py"


def open_run(run_id: str) -> NoReturn:
    """Open the page of a run."""
    open_page(_PAGE, {"run": run_id})


def request_run(run_ids: Sequence[str], key: str, ignored: str) -> None:
    """Open the run whose cell was clicked in the table with this key, for the callback of the table.

    Args:
        run_ids: runs of the rows.
        ignored: column that opens nothing: the grid selects its first cell when it gets the focus of the keyboard.
    """
    for row, column in st.session_state[key]["selection"].get("cells", []):
        if column != ignored:
            request_page(_PAGE, {"run": run_ids[row]})


def write_run_link() -> str:
    """Return the URL to which a chart appends the ID of a run; it keeps the selected comparison."""
    compare = st.session_state.get("compare")
    return f"run?{urlencode({'compare': compare})}&run=" if compare else "run?run="
