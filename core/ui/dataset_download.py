"""Download of a dataset: the button, the progress, and the reason of a failed download."""

import streamlit as st

from core.actions.dataset import fetch_data
from core.datasets.fetch import read_fetch
from core.displays.markdown import escape_markdown, write_code
from core.displays.number import format_bytes
from core.home import hide_paths
from core.spec import DATASETS
from core.ui.access import act, action_button, check_permission
from core.ui.errors import handle_errors
from core.ui.session import home


@st.fragment(run_every=1.0)
def watch_download(dataset: str, how: str) -> None:
    """Show the button to download a dataset, the progress, or the reason of a failed download.

    Args:
        how: The command that downloads it.
    """
    with handle_errors():
        _show_download(dataset, how)


def _show_download(dataset: str, how: str) -> None:
    label = escape_markdown(DATASETS[dataset].label)
    progress = read_fetch(home(), dataset)
    if progress and progress.alive:
        total = progress.total_bytes
        share = min((progress.done_bytes or 0) / total, 1.0) if total else 0.0
        st.progress(share, f"{label}: {escape_markdown(progress.phase)}, {format_bytes(progress.done_bytes or 0)}")
        return
    if progress and not progress.error and progress.phase == "done":
        st.rerun()
    st.info(f"{label} is not downloaded.", icon=":material/download:")
    if progress and progress.error:
        st.error(escape_markdown(hide_paths(progress.error)))
    clicked = action_button(fetch_data, f"Download {label}", help=f"Or run: {write_code(how)}", type="primary")
    if check_permission(fetch_data) and clicked:
        act(fetch_data, dataset)
        st.rerun(scope="fragment")
