"""Download of a dataset: the button, the progress, and the reason of a failed download."""

import streamlit as st

from core.actions.dataset import fetch_data
from core.datasets.cache import list_datasets
from core.datasets.fetch import read_fetch
from core.displays.markdown import escape_markdown, write_code
from core.displays.number import format_bytes
from core.home import hide_paths
from core.spec import DATASETS
from core.ui.access import act, action_button, check_permission
from core.ui.errors import handle_errors
from core.ui.session import home


@st.fragment(run_every=1.0)
def follow_download(dataset: str, how: str, *, damaged: bool = False, stated: bool = False) -> None:
    """Show the button to download a dataset, the progress, or the reason of a failed download.

    Args:
        how: The command that downloads it.
        damaged: Whether it is downloaded again because its files are damaged.
        stated: Whether the page already states that it is not downloaded.
    """
    with handle_errors():
        _show_download(dataset, how, damaged, stated or damaged)


def _show_download(dataset: str, how: str, damaged: bool, stated: bool) -> None:
    label = escape_markdown(DATASETS[dataset].label)
    progress = read_fetch(home(), dataset)
    if progress and progress.alive:
        total = progress.total_bytes
        share = min((progress.done_bytes or 0) / total, 1.0) if total else 0.0
        st.progress(share, f"{label}: {escape_markdown(progress.phase)}, {format_bytes(progress.done_bytes or 0)}")
        return
    if progress and not progress.error and progress.phase == "done" and not (damaged and _is_damaged(dataset)):
        st.rerun()
    if not stated:
        size = DATASETS[dataset].download_bytes
        of = f" ({format_bytes(size)})" if size else ""
        st.info(f"{label} is not downloaded{of}.", icon=":material/download:")
    if progress and progress.error:
        st.error(escape_markdown(hide_paths(progress.error)))
    clicked = action_button(
        fetch_data, f"{'Repair' if damaged else 'Download'} {label}", help=f"Or run: {write_code(how)}", type="primary"
    )
    if check_permission(fetch_data) and clicked:
        act(fetch_data, dataset)
        st.rerun(scope="fragment")


def _is_damaged(dataset: str) -> bool:
    return any(status.problem for status in list_datasets(home()) if status.name == dataset)
