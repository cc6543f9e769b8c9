"""Dataset of a recipe: licence, size and a labelled sample of images, or how to get them."""

import numpy as np
import streamlit as st

from core.datasets.cache import DatasetStatus, list_datasets
from core.datasets.dataset import Dataset
from core.datasets.dataset_view import DatasetView, open_view
from core.displays.activation_overlay import Cell, build_group
from core.displays.dataset_summary import describe_difference
from core.displays.markdown import escape_markdown, write_code
from core.errors import HeadroomError
from core.home import Home, describe_error
from core.plural import format_plural
from core.recipe import Recipe
from core.spec import DATASETS, RunSpec
from core.ui.session import home

_CLASSES, _LATEST = 10, 2_000  # classes of the sample, and images that are searched for them


def show_data(recipe: Recipe) -> None:
    """Show the dataset of a recipe."""
    dataset: Dataset = DATASETS[recipe.spec.dataset]
    st.header("Data", anchor=False)
    st.write(f"**{escape_markdown(dataset.label)}**. {escape_markdown(dataset.summary)}")
    train, test = dataset.official_counts
    counts = f"{train:,} training and {format_plural(test, 'test image')}. " if train else ""
    st.caption(escape_markdown(f"{counts}Licence: {dataset.licence}."))
    _show_sample(recipe)
    if dataset.citation:
        st.caption(escape_markdown(dataset.citation))


def _show_sample(recipe: Recipe) -> None:
    found = [status for status in list_datasets(home()) if status.name == recipe.spec.dataset]
    status = next((status for status in found if status.available or status.bundled), found[0])
    if not (status.available or status.bundled):
        _show_missing(status)
        return
    spec = recipe.spec.replace(folder=status.folder)
    other = f", {difference}" if (difference := describe_difference(status)) else ""
    st.caption(f"First training image of each class in {escape_markdown(status.label + other)}:")
    try:
        st.html(_build_sample(str(home().path), status.fingerprint, home(), spec))
    except HeadroomError as error:
        st.info(escape_markdown(describe_error(error)), icon=":material/info:")


def _show_missing(status: DatasetStatus) -> None:
    added = DATASETS[status.name].added
    state = "not added yet. Add images on the Data page" if added else "not downloaded. Download it on the Train page"
    text = f"{escape_markdown(status.label)}: {state}, or with {write_code(status.next_step)}."
    st.info(text, icon=":material/download:")


@st.cache_data(show_spinner=False, max_entries=32)
def _build_sample(path: str, fingerprint: str | None, _home: Home, _spec: RunSpec) -> str:
    """Return the HTML of the first training image of each class."""
    view = open_view(_home, _spec, native=True)
    cells = [Cell(np.asarray(view.train_images[row]), view.info.classes[label]) for label, row in _find_rows(view)]
    return build_group(cells, pixels=56, frame=False)


def _find_rows(view: DatasetView) -> list[tuple[int, int]]:
    """Return the class and the row of the first image of up to ten classes."""
    labels, rows = np.unique(view.train_labels[:_LATEST], return_index=True)
    return [(int(label), int(row)) for label, row in zip(labels, rows, strict=True)][:_CLASSES]
