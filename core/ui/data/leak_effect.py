"""Effect of leaked test images on the newest runs of a dataset, and the link to its evidence."""

import pandas as pd
import streamlit as st

from core.datasets.inspect import InspectedDataset
from core.displays.markdown import escape_markdown
from core.displays.views.leaked_accuracy import LeakedAccuracy
from core.errors import HeadroomError
from core.spec import SETTINGS
from core.store.comparison import Comparison
from core.ui.data.source import find_dataset_runs
from core.ui.display import cached_description
from core.ui.session import store

LEAKS = ("leaked_test_images", "near_leaked_test_images")

_MOST_RUNS = 12
_SHARED = [name for name, setting in SETTINGS.items() if setting.group != "head" and name not in ("head", "seed")]


def show_leak_effect(data: InspectedDataset) -> None:
    """Show the accuracy without leaked images of the newest runs that differ only in head and seed, if there are any.

    Runs on another version of the dataset do not count.
    """
    frame = find_dataset_runs(data)
    frame = _select_newest(frame[frame["data"] == data.info.fingerprint])
    if frame.empty:
        return
    ids = frame["run_id"].tolist()
    try:
        effect = LeakedAccuracy(Comparison.of([store().open(run_id) for run_id in ids]))
    except HeadroomError:  # a run was deleted or is damaged
        return
    st.write(escape_markdown(cached_description(effect)))
    st.page_link(
        "pages/evidence.py", label="View the evidence", icon=":material/fact_check:",
        query_params={"compare": f"runs:{','.join(ids)}", "evidence": "checks"},
    )  # fmt: skip


def _select_newest(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the newest run and the others with its hyperparameters, except those of the head."""
    values = frame[_SHARED].map(str)  # missing values are equal
    return frame[values.eq(values.iloc[0]).all(axis=1)].head(_MOST_RUNS) if len(frame) else frame
