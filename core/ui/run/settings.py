"""Settings of one run, its data and the environment in which it was trained."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.displays.run_facts import (
    list_data_facts,
    list_elsewhere_facts,
    list_environment_facts,
    list_settings,
    name_source,
)
from core.recipes import write_command
from core.spec import RunSpec
from core.store.environment import read_environment
from core.store.record import Elsewhere
from core.store.run import Run
from core.ui.display import show_frame


def show_settings(spec: RunSpec, elsewhere: Elsewhere | None = None) -> None:
    """Show the settings that differ from the recipe, and the others in a fold; otherwise the recorded ones."""
    st.header("Settings", anchor=False)
    if elsewhere:
        _show_facts("Setting", list_elsewhere_facts(elsewhere))
        return
    changed, rest = list_settings(spec)
    source = name_source(spec)
    if not changed:
        st.write("All settings are those of the recipe." if source != "Default" else "All settings have their default.")
    else:
        _show_rows(changed)
    with st.expander("All other settings", on_change="rerun", key="run-settings") as fold:
        if fold.open:
            _show_rows(rest)
            st.code(write_command(spec), language=None, wrap_lines=True)


def show_origin(run: Run) -> None:
    """Show the data and the environment of a run."""
    left, right = st.columns(2, gap="large")
    with left:
        _show_facts("Data", list_data_facts(run.record, run.spec))
    with right:
        _show_facts("Environment", list_environment_facts(run.record, read_environment(run)))


def _show_rows(rows: list[dict[str, str]]) -> None:
    show_frame(pd.DataFrame(rows), words=[*rows[0]])


def _show_facts(name: str, facts: Mapping[str, str]) -> None:
    _show_rows([{name: fact, "Value": value} for fact, value in facts.items()])
