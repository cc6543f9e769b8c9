"""Datasets that are not downloaded, not added, being added or damaged: what is known, and what to do."""

import streamlit as st

from core.datasets.cache import DatasetStatus
from core.datasets.dataset import Dataset
from core.datasets.dataset_key import label_of, split_key
from core.datasets.fetch import list_added
from core.displays.markdown import escape_markdown, write_code
from core.displays.number import format_bytes
from core.home import hide_paths
from core.plural import format_plural
from core.spec import DATASETS
from core.ui.data.download import follow_download
from core.ui.data.removal import show_remove
from core.ui.data.upload import show_upload
from core.ui.session import home


def list_adding() -> dict[str, DatasetStatus]:
    """Return the custom datasets that are being added, by key; they are not complete yet."""
    found = {}
    for progress in list_added(home()):
        name, folder = split_key(progress.name)
        if progress.alive and folder and not (home().datasets / progress.name).exists():
            found[progress.name] = DatasetStatus(
                name=name, label=label_of(progress.name), summary="", source="", licence="", citation="", bundled=False,
                available=False, official=None, fingerprint=None, train_count=None, test_count=None, bytes=None,
                problem=None, next_step="", folder=folder,
            )  # fmt: skip
    return found


def shows_upload(status: DatasetStatus) -> bool:
    """Return whether the uploader, or the progress of an upload, is shown instead of a dataset."""
    own = DATASETS[status.name].added and not DATASETS[status.name].source
    return own and not status.available and not status.problem


def show_unavailable(key: str, status: DatasetStatus) -> None:
    """Show what is known of a dataset without its images, and how to get them."""
    dataset: Dataset = DATASETS[status.name]
    if status.problem:
        st.error(escape_markdown(hide_paths(status.problem)), icon=":material/error:")
        if dataset.added:
            show_remove(key)
        else:
            follow_download(status.name, status.next_step, damaged=True)
        return
    if shows_upload(status):
        if status.next_step:
            st.write(
                "A custom dataset is a folder with one subfolder per class, or a ZIP or tar archive of it. Its "
                "classes, sample images, sizes and files left out appear here."
            )
            st.caption(f"Upload an archive below, or run: {write_code(status.next_step)}")
        show_upload()
        return
    _show_facts(dataset)
    if dataset.added:
        st.info(
            f"Get the images from the source, then add their folder with: {write_code(status.next_step)}",
            icon=":material/download:",
        )
    else:
        follow_download(status.name, status.next_step, stated=True)


def _show_facts(dataset: Dataset) -> None:
    """Show what the registry knows of a dataset."""
    st.write(escape_markdown(dataset.summary))
    train, test = dataset.official_counts
    height, width, channels = dataset.input_shape
    color = "grayscale" if channels == 1 else "color"
    counts = f"{train:,} training and {format_plural(test, 'test image')}, " if train else ""
    st.write(escape_markdown(f"{counts}{width} × {height} pixels, {color}, {len(dataset.classes):,} classes."))
    st.caption(escape_markdown(f"Classes: {', '.join(dataset.classes)}."))
    st.caption(escape_markdown(f"Licence: {dataset.licence}."))
    if dataset.citation:
        st.caption(escape_markdown(dataset.citation))
    st.caption(f"Source: {write_code(dataset.source)}")
    if dataset.download_bytes:
        st.caption(f"Download: {format_bytes(dataset.download_bytes)}.")
