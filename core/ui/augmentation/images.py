"""Selection of the training images that the Augmentation page transforms."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.datasets.cache import DatasetStatus, list_datasets
from core.datasets.dataset_key import key_of, key_or_name
from core.datasets.dataset_view import open_view, read_info
from core.displays.markdown import escape_markdown, write_code
from core.errors import HeadroomError
from core.home import describe_error, hide_paths
from core.recipes import RECIPES, find_general_recipe
from core.spec import DATASETS, RunSpec
from core.ui import url, widget
from core.ui.session import home, selected_comparison

url.register("data", "first")

_SHOWN = 6
_DEFAULT_RECIPE = "celeba-heads"


@dataclass(frozen=True)
class SelectedImages:
    """Original training images, uint8 of shape (images, height, width, channels).

    Attributes:
        first: Index of the first image in the training split.
        side: Side length of the images that the model receives.
        pipeline: The initial pipeline, as text.
        key: Cache key of the images.
    """

    spec: RunSpec
    recipe: str
    images: NDArray[np.uint8]
    first: int
    side: int
    pipeline: str
    key: str

    def describe(self, version: str) -> list[str]:
        """Return an alt text for each image."""
        return [f"training image {self.first + index}, {version}" for index in range(len(self.images))]

    @property
    def size(self) -> str:
        return format_size(self.images[0])


def format_size(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[1]}×{image.shape[0]}"


def choose_images() -> SelectedImages | None:
    """Show inputs for the dataset and the first image, both part of the URL.

    Returns:
        The selected images, or None if the dataset is not available.
    """
    initial = _choose_initial_spec()
    statuses = {key_or_name(status.name, status.folder): status for status in list_datasets(home())}
    available = [key for key, status in statuses.items() if status.available or status.bundled]
    preferred = key_of(initial.dataset, initial.folder)
    left, right, _ = st.columns([2, 2, 3], vertical_alignment="bottom")
    with left:
        default = preferred if preferred in available else available[0]
        selected = widget.item(
            "Dataset",
            list(statuses),
            default,
            key="data",
            format_func=lambda key: statuses[key].label,
            gone="Dataset",
            help="Datasets that are not downloaded show how to get them.",
        )
    if selected is None:
        return None
    if selected not in available:
        _show_unavailable(statuses[selected])
        return None
    spec, recipe = _build_spec(initial, statuses[selected])
    try:
        view = open_view(home(), spec, native=True)
        side = read_info(home(), spec).input_shape[0]
    except HeadroomError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return None
    with right:
        last = max(0, view.info.train_count - _SHOWN)
        first = widget.number(
            "First image", 0, last, key="first", help="Index of the first shown image in the training split."
        )
    images = np.array(view.train_images[first : first + _SHOWN])
    return SelectedImages(spec, recipe, images, first, side, initial.augmentation, f"{view.info.fingerprint} {first}")


def _choose_initial_spec() -> RunSpec:
    """Return the spec of the selected comparison if it uses augmentation, otherwise a default pipeline for Digits."""
    default = RunSpec(augmentation=RECIPES[_DEFAULT_RECIPE].spec.augmentation)
    try:
        comparison = selected_comparison()
    except HeadroomError:  # the Analyze pages show its message
        return default
    spec = comparison.first.spec if comparison else default
    return spec if spec.augmentation else default


def _show_unavailable(status: DatasetStatus) -> None:
    """Show how to get a dataset that is not available."""
    if status.problem:
        st.error(escape_markdown(hide_paths(status.problem)), icon=":material/error:")
    elif DATASETS[status.name].added:
        st.info(
            f"{escape_markdown(status.label)} is not available. Add it with: {write_code(status.next_step)}",
            icon=":material/download:",
        )
    else:
        st.info(
            f"{escape_markdown(status.label)} is not downloaded. Download it with: {write_code(status.next_step)}",
            icon=":material/download:",
        )
        st.page_link("pages/train.py", label="Download on the Train page", icon=":material/model_training:")


def _build_spec(initial: RunSpec, status: DatasetStatus) -> tuple[RunSpec, str]:
    """Return a spec for a dataset with its recipe; of several recipes the most general one."""
    recipe = find_general_recipe(status.name)
    if (initial.dataset, initial.folder) == (status.name, status.folder) and initial.side is not None:
        return initial.replace(data=""), recipe.name
    return recipe.spec.replace(dataset=status.name, folder=status.folder), recipe.name
