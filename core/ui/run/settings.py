"""Settings of one run, its data and the environment in which it was trained."""

import streamlit as st

from core.displays.run_settings import (
    build_data_table,
    build_elsewhere_table,
    build_environment_table,
    build_settings_tables,
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
        show_frame(build_elsewhere_table(elsewhere), words=["Value"])
        return
    changed, rest = build_settings_tables(spec)
    source = changed.columns[-1]
    if changed.empty:
        st.write("All settings are those of the recipe." if source != "Default" else "All settings have their default.")
    else:
        show_frame(changed, words=[*changed.columns])
    with st.expander("All other settings", on_change="rerun", key="run-settings") as fold:
        if fold.open:
            show_frame(rest, words=[*rest.columns])
            st.code(write_command(spec), language=None, wrap_lines=True)


def show_origin(run: Run) -> None:
    """Show the data and the environment of a run."""
    left, right = st.columns(2, gap="large")
    with left:
        data = build_data_table(run.record, run.spec)
        show_frame(data, words=["Value"])
    with right:
        show_frame(build_environment_table(run.record, read_environment(run)), words=["Value"])
