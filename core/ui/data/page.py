"""The Data page: choice of a dataset, its main statement, and the selected section; or how to get it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets.cache import DatasetStatus, list_datasets
from core.datasets.dataset_key import FOLDER, key_or_name
from core.displays.data_headline import write_data_headline
from core.displays.dataset_summary import describe_difference
from core.displays.markdown import escape_markdown
from core.displays.number import format_bytes
from core.recipes import find_general_recipe
from core.spec import DATASETS
from core.ui import url, widget
from core.ui.data.default import find_default_dataset
from core.ui.data.display import is_usable, open_inspected
from core.ui.data.removal import select_after_removal, show_removed
from core.ui.data.sections import show_data_section
from core.ui.data.unavailable import list_adding, show_unavailable, shows_upload
from core.ui.data.upload import select_added, show_upload
from core.ui.heading import show_summary, show_title
from core.ui.session import home

url.register("dataset_shown")


def show_data_page() -> None:
    """Show the dataset of the link; by default, the one of the selected comparison."""
    show_title("Data")
    heading = st.container(gap="small")
    statuses = {key_or_name(status.name, status.folder): status for status in list_datasets(home())} | list_adding()
    default = find_default_dataset(statuses)
    select_after_removal(statuses, default)
    select_added("dataset_shown", {key: key for key, status in statuses.items() if is_usable(status)})
    with st.container(horizontal=True, vertical_alignment="bottom", key="dataset-choice"):
        key = widget.item(
            "Dataset",
            list(statuses),
            default,
            key="dataset_shown",
            format_func=lambda key: _write_option(statuses[key]),
            gone="Dataset",
            width=320,
        )
        if key is None or not shows_upload(statuses[key]):
            with st.popover("Add images", icon=":material/upload:"):
                show_upload()
        if key is not None and is_usable(statuses[key]):
            _show_train_link(statuses[key])
    if key is not None:
        status = statuses[key]
        if is_usable(status):
            _show_available(key, status, heading)
        else:
            with heading:
                own = status.name == FOLDER and not status.folder
                text = "Add your own images." if own else f"{status.label} is {_write_state(status)}."
                show_summary(escape_markdown(text))
            show_unavailable(key, status)
    show_removed()


def _show_available(key: str, status: DatasetStatus, heading: DeltaGenerator) -> None:
    data = open_inspected(key)
    with heading:
        show_summary(escape_markdown(write_data_headline(data)))
        other = f", {difference}" if (difference := describe_difference(status)) else ""
        kind = "bundled" if DATASETS[status.name].bundled else "added" if DATASETS[status.name].added else "downloaded"
        facts = [f"{kind}{other}", f"licence: {data.info.licence}", f"fingerprint {data.info.fingerprint}"]
        facts += [format_bytes(data.info.bytes)] if data.info.bytes else []
        st.caption(escape_markdown(" · ".join(facts)))
    show_data_section(data)


def _show_train_link(status: DatasetStatus) -> None:
    """Show the link to the Train page with the most general recipe for a dataset."""
    recipe = find_general_recipe(status.name)
    query = {"recipe": recipe.name} if recipe.spec.dataset == status.name else {"dataset": status.name}
    if status.folder:
        query["folder"] = status.folder
    st.page_link(
        "pages/train.py", label="Train on this dataset", query_params=query, icon=":material/model_training:",
    )  # fmt: skip


def _write_option(status: DatasetStatus) -> str:
    return status.label if is_usable(status) else f"{status.label} ({_write_state(status)})"


def _write_state(status: DatasetStatus) -> str:
    if status.problem:
        return "damaged"
    if status.name in DATASETS and not DATASETS[status.name].added:
        return "not downloaded"
    return "being added" if status.next_step == "" else "not added"
