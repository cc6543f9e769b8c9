"""Custom datasets: select an image folder, or add one from a ZIP archive."""

import re

import streamlit as st

from core.actions.dataset import add_data
from core.datasets.cache import list_datasets
from core.datasets.dataset_key import add_command, label_of
from core.datasets.fetch import FetchProgress, list_added, read_fetch
from core.displays.markdown import escape_markdown, write_code
from core.displays.number import format_bytes, format_count
from core.errors import HeadroomError
from core.home import describe_error, hide_paths
from core.spec import SETTINGS
from core.ui import widget
from core.ui.access import act, check_permission
from core.ui.session import home
from core.ui.train.web_address import show_web_address

MAX_MEGABYTES = 200

_ADDING = "added-folder"


def choose_folder() -> str | None:
    """Show the added folders and the uploader. Return the selected folder, or None without one."""
    statuses = [status for status in list_datasets(home()) if status.folder]
    for status in statuses:
        if status.problem:
            st.error(escape_markdown(hide_paths(status.problem)))
    available = {status.folder: status for status in statuses if status.available}
    if not available:
        st.info("No image folders yet. Upload a ZIP archive to add one.", icon=":material/folder_open:")
        show_upload()
        return None
    selected = widget.item(
        SETTINGS["folder"].label,
        list(available),
        key="folder",
        gone="Image folder",
        help=SETTINGS["folder"].help,
    )
    if selected is None:
        return None
    with st.expander("Add image folder", icon=":material/upload:"):
        show_upload()
    return selected


def show_upload() -> None:
    """Show the uploader for a ZIP archive, or the progress and result of the last upload."""
    current = next((progress for progress in list_added(home()) if progress.alive), None)
    if current:
        st.session_state[_ADDING] = current.name
        _watch(current.name)
        return
    ended = read_fetch(home(), name) if (name := st.session_state.get(_ADDING)) else None
    if ended and ended.error:
        st.error(escape_markdown(hide_paths(ended.error)), icon=":material/error:")
    elif ended:
        st.success(f"{escape_markdown(label_of(ended.name))} was added.", icon=":material/check:")
    if not check_permission(add_data):
        return
    uploads = st.session_state.setdefault(f"{_ADDING}-count", 0)  # a new key clears the uploader
    archive = st.file_uploader(
        f"ZIP or tar archive with one subfolder per class (up to {MAX_MEGABYTES} MB)",
        ["zip", "tar", "gz", "tgz", "bz2"],
        key=f"{_ADDING}-file-{uploads}",
        max_upload_size=MAX_MEGABYTES,
        help=f"For larger folders, run: {write_code(add_command('NAME'))}",
    )
    proposal = propose_name(archive.name) if archive else ""
    folder = st.text_input(
        "Name", proposal, key=f"{_ADDING}-name-{uploads}-{proposal}", help=SETTINGS["folder"].form.capitalize() + "."
    )
    if st.button("Add folder", icon=":material/upload:", disabled=archive is None) and archive:
        try:
            st.session_state[_ADDING] = act(add_data, folder, archive).name
        except HeadroomError as error:
            st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        else:
            st.session_state[f"{_ADDING}-count"] = uploads + 1
            st.rerun()
    if started := show_web_address(propose_name):
        st.session_state[_ADDING] = started
        st.rerun()


@st.fragment(run_every=1.0)
def _watch(key: str) -> None:
    progress = read_fetch(home(), key)
    if progress is None or not progress.alive:
        st.rerun()
    st.progress(*_describe(progress))


def _describe(progress: FetchProgress) -> tuple[float, str]:
    if not progress.total_files:
        share = min(1.0, (progress.done_bytes or 0) / total) if (total := progress.total_bytes) else 0.0
        size = f", {format_bytes(progress.done_bytes)}" if progress.done_bytes else ""
        return share, f"{label_of(progress.name)}: {progress.phase}{size}"
    done, total = progress.done_files or 0, progress.total_files
    return done / total, f"{label_of(progress.name)}: {format_count(done)} of {format_count(total)} files"


def propose_name(file_name: str) -> str:
    """Convert a file name to a valid folder name.

    >>> propose_name("My Cats & Dogs.zip"), propose_name("birds.tar.gz"), propose_name("")
    ('my-cats-dogs', 'birds', '')
    """
    stem = re.sub(r"(\.tar\.(gz|bz2)|\.[^.]*)$", "", file_name.lower())
    return re.sub(r"[^a-z0-9_]+", "-", stem).strip("-_")[:40]
