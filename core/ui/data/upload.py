"""Custom datasets: select an image folder, or add one from a ZIP archive."""

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.access.action import Action
from core.actions.dataset import add_data, cancel_import, continue_import, discard_import
from core.augment.fit import FITS, Fit
from core.datasets.cache import list_datasets
from core.datasets.custom.first_images import read_first_images
from core.datasets.custom.interrupted_add import can_continue, is_cancelled
from core.datasets.dataset_key import FOLDER, add_command, key_of, key_of_name, label_of
from core.datasets.fetch import check_free, list_added, read_fetch
from core.datasets.fetch_progress import FetchProgress
from core.displays.markdown import escape_markdown, write_code
from core.displays.number import format_bytes, format_count
from core.displays.source_pair import build_fit_preview
from core.errors import DatasetError, HeadroomError
from core.home import describe_error, hide_paths
from core.spec import SETTINGS
from core.ui import widget
from core.ui.access import act, action_button, check_permission
from core.ui.data.web_address import show_web_address
from core.ui.session import home

MAX_MEGABYTES = 200

_ADDING, _SELECTED, _FIRST = "added-folder", "added-folder-selected", "first images of the upload"


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
    select_added("folder", {key_of(FOLDER, folder): folder for folder in available})
    selected = widget.item(
        SETTINGS["folder"].label,
        list(available),
        key="folder",
        gone="Image folder",
        help=SETTINGS["folder"].help,
    )
    if selected is None:
        return None
    st.caption(f"Images that are not square: {FITS[available[selected].fit]}.")
    with st.expander("Add image folder", icon=":material/upload:"):
        show_upload()
    return selected


def show_upload() -> None:
    """Show the uploader for a ZIP archive, or the progress and result of the last upload."""
    added = list_added(home())
    current = next((progress for progress in added if progress.alive), None)
    if current:
        st.session_state[_ADDING] = current.name
        _watch(current.name)
        return
    last = st.session_state.get(_ADDING)
    for progress in added:
        if can_continue(home(), progress.name):
            _show_interrupted(progress)
        elif progress.name == last and progress.error:
            st.error(escape_markdown(hide_paths(progress.error)), icon=":material/error:")
        elif progress.name == last:
            st.success(f"{escape_markdown(label_of(progress.name))} was added.", icon=":material/check:")
    if check_permission(add_data):
        _show_form()


def _show_form() -> None:
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
    fit = st.selectbox(
        "Images that are not square",
        list(FITS),
        format_func=lambda fit: f"{fit}: {FITS[fit]}",
        key=f"{_ADDING}-fit-{uploads}",
        help="Conversion for the model. New images on the page Draw your own are converted in the same way.",
    )
    if archive:
        _show_fit(archive, fit)
    problem = _find_problem(folder) if archive else ""
    if problem:
        st.error(escape_markdown(problem), icon=":material/error:")
    if st.button("Add folder", icon=":material/upload:", disabled=archive is None or bool(problem)) and archive:
        try:
            st.session_state[_ADDING] = act(add_data, folder, archive, fit).name
        except HeadroomError as error:
            st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        else:
            st.session_state[f"{_ADDING}-count"] = uploads + 1
            st.rerun()
    if started := show_web_address(propose_name, fit):
        st.session_state[_ADDING] = started
        st.rerun()


def _show_fit(archive: UploadedFile, fit: Fit) -> None:
    """Show how some images of an upload become squares. The archive is read once."""
    known, found = st.session_state.get(_FIRST, ("", None))
    if known != archive.file_id:
        found = read_first_images(archive)
        st.session_state[_FIRST] = archive.file_id, found
    if found.images:
        st.html(build_fit_preview(found.images, fit))
    elif found.looked:
        st.caption(f"The images that were opened ({found.looked:,}) are square: the setting does not change them.")


def _find_problem(folder: str) -> str:
    """Return why a name cannot be used, or an empty text."""
    try:
        check_free(home(), key_of_name(folder))
    except DatasetError as error:
        return describe_error(error)
    return ""


def select_added(widget_key: str, options: Mapping[str, str]) -> None:
    """Select the dataset that was added last in this session in a selection box, once.

    Args:
        options: The option of each available dataset, by the key of the dataset.
    """
    key = st.session_state.get(_ADDING, "")
    ended = read_fetch(home(), key) if key in options else None
    if ended and not ended.alive and not ended.error:
        added = key, ended.started_at
        if st.session_state.get(_SELECTED) != added:
            st.session_state[_SELECTED], st.session_state[widget_key] = added, options[key]


def _show_interrupted(progress: FetchProgress) -> None:
    st.warning(escape_markdown(hide_paths(progress.error or "")), icon=":material/pause_circle:")
    key = progress.name
    with st.container(horizontal=True):
        if action_button(continue_import, "Continue", icon=":material/play_arrow:", key=f"{_ADDING}-continue-{key}"):
            _act_and_rerun(continue_import, key)
        if action_button(discard_import, "Discard", icon=":material/delete:", key=f"{_ADDING}-discard-{key}"):
            _act_and_rerun(discard_import, key)


def _act_and_rerun(action: Action[[str], Any], key: str) -> None:
    try:
        act(action, key)
    except HeadroomError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
    else:
        st.rerun()


@st.fragment(run_every=1.0)
def _watch(key: str) -> None:
    progress = read_fetch(home(), key)
    if progress is None or not progress.alive:
        st.rerun()
    st.progress(*_describe(progress))
    if is_cancelled(home(), key):
        st.caption("Cancelling. Files that were read are kept, so that the import can continue.")
    elif action_button(cancel_import, "Cancel", icon=":material/stop:"):
        _act_and_rerun(cancel_import, key)


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
