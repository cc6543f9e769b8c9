"""Images of one's own: which added folder to train on, and adding another from a zip archive."""

import re

import streamlit as st

from core.actions.dataset import add_data
from core.datasets.cache import list_datasets
from core.datasets.dataset_key import add_command, label_of
from core.datasets.fetch import FetchProgress, list_added, read_fetch
from core.displays.number import format_count, format_plural
from core.errors import HeadroomError
from core.spec import SETTINGS
from core.ui import widget
from core.ui.access import act, show_denial
from core.ui.session import home

MOST_MEGABYTES = 200

_FOLLOWED = "added-folder"


def choose_folder() -> str | None:
    """A choice among the added folders, the value of the knob `folder`, and a way to add another; None where there is
    none yet."""
    statuses = [status for status in list_datasets(home()) if status.folder]
    for status in statuses:
        if status.problem:
            st.error(status.problem)
    here = {status.folder: status for status in statuses if status.available}
    if not here:
        st.info("No folder of images is here yet.", icon=":material/folder_open:")
        show_upload()
        return None
    chosen = widget.selectbox(SETTINGS["folder"].label, list(here), key="folder", help=SETTINGS["folder"].help)
    status = here[chosen]
    images = f"{format_count(status.train_count or 0)} training and {format_count(status.test_count or 0)} test images"
    were = "was" if status.skipped == 1 else "were"
    left_out = f"; {format_plural(status.skipped, 'file')} {were} left out" if status.skipped else ""
    st.caption(f"{images}{left_out}.")
    with st.expander("Add another folder", icon=":material/upload:"):
        show_upload()
    return chosen


def show_upload() -> None:
    """An uploader for a zip archive with a name for it, the progress of an adding, and how it ended."""
    under_way = next((progress for progress in list_added(home()) if progress.alive), None)
    if under_way:
        st.session_state[_FOLLOWED] = under_way.name
        _follow(under_way.name)
        return
    ended = read_fetch(home(), followed) if (followed := st.session_state.get(_FOLLOWED)) else None
    if ended and ended.error:
        st.error(ended.error, icon=":material/error:")
    elif ended:
        st.success(f"{label_of(ended.name)} is here.", icon=":material/check:")
    if not show_denial(add_data):
        return
    number = st.session_state.setdefault(f"{_FOLLOWED}-count", 0)  # a new one forgets the old file
    archive = st.file_uploader(
        f"Zip archive of a folder with a sub-folder for each class, up to {MOST_MEGABYTES} MB",
        "zip",
        key=f"{_FOLLOWED}-file-{number}",
        max_upload_size=MOST_MEGABYTES,
        help=f"Larger ones are added from the command line: `{add_command('NAME')}`",
    )
    proposal = propose_name(archive.name) if archive else ""
    name = st.text_input(
        "Name", proposal, key=f"{_FOLLOWED}-name-{number}-{proposal}", help=SETTINGS["folder"].form.capitalize() + "."
    )
    if st.button("Add the folder", icon=":material/upload:", disabled=archive is None) and archive:
        try:
            st.session_state[_FOLLOWED] = act(add_data, name, archive).name
        except HeadroomError as error:
            st.error(str(error), icon=":material/error:")
        else:
            st.session_state[f"{_FOLLOWED}-count"] = number + 1
            st.rerun()


@st.fragment(run_every=1.0)
def _follow(key: str) -> None:
    progress = read_fetch(home(), key)
    if progress is None or not progress.alive:
        st.rerun()
    st.progress(*_describe(progress))


def _describe(progress: FetchProgress) -> tuple[float, str]:
    if not progress.total_files:
        return 0.0, f"{label_of(progress.name)}: {progress.phase}"
    done, total = progress.done_files or 0, progress.total_files
    return done / total, f"{label_of(progress.name)}: {format_count(done)} of {format_count(total)} files"


def propose_name(file_name: str) -> str:
    """What a file name has of the letters that a folder's name may have.

    >>> propose_name("My Cats & Dogs.zip")
    'my-cats-dogs'
    """
    stem = file_name.rpartition(".")[0].lower()
    return re.sub(r"[^a-z0-9_]+", "-", stem).strip("-_")[:40]
