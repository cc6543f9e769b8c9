"""Source section of the Data page: licence, citation and fingerprint, the runs that used the dataset, and removal."""

import pandas as pd
import streamlit as st

from core.datasets.inspect import InspectedDataset
from core.displays.data.provenance import Provenance
from core.displays.number import format_share
from core.plural import format_plural
from core.spec import DATASETS, HEADS
from core.ui.data.display import show_data_frame
from core.ui.data.removal import show_remove
from core.ui.display import show_frame
from core.ui.session import store

_LATEST = 8


def show_source(data: InspectedDataset) -> None:
    """Show where the images come from and which runs used them."""
    left, right = st.columns(2, gap="large")
    with left:
        st.header(Provenance.title, anchor=False)
        show_data_frame(Provenance(data), words=("Value",))
    with right:
        st.header("Runs", anchor=False)
        _show_runs(data)
    if DATASETS[data.info.name].added:
        st.header("Remove", anchor=False)
        count = len(find_dataset_runs(data))
        kept = f" The results of {format_plural(count, 'run')} are kept, without images." if count else ""
        st.write(f"A removed dataset can be restored on this page.{kept}")
        show_remove(data.key)


def find_dataset_runs(data: InspectedDataset) -> pd.DataFrame:
    """Return the finished runs on a dataset, newest first, also those on other versions of it."""
    frame = store().frame()
    return frame[(frame["dataset"] == data.info.name) & (frame["folder"] == data.info.folder)]


def _show_runs(data: InspectedDataset) -> None:
    frame = find_dataset_runs(data)
    if frame.empty:
        st.write("No finished run used this dataset.")
    else:
        other = int((frame["data"] != data.info.fingerprint).sum())
        of = f", {other:,} of them another version of it (with another fingerprint)" if other else ""
        st.write(f"{format_plural(len(frame), 'finished run')} used this dataset{of}. Click a run to open it.")
        latest = frame.head(_LATEST)
        table = pd.DataFrame(
            {
                "Head": [
                    elsewhere or (HEADS[head].label if head in HEADS else head)
                    for head, elsewhere in zip(latest["head"], latest["elsewhere"], strict=True)
                ],
                "Seed": latest["seed"].map(str),
                "Epochs": latest["trained_epochs"].map(str),
                "Test accuracy": latest["test_accuracy"].map(format_share),
            }
        )
        show_frame(table, words=("Head",), run_ids=latest["run_id"].tolist())
    query = {"runs_search": f"folder:{data.info.folder}"} if data.info.folder else {"runs_dataset": data.info.name}
    if len(frame) > _LATEST:
        label = f"All {len(frame):,} runs"
        st.page_link("pages/runs.py", label=label, query_params=query, icon=":material/folder_open:")
