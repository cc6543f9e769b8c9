"""Evaluation of an unchanged model of the user on the test images of the selected dataset."""

import streamlit as st

from core.actions.model import evaluate_own_model
from core.datasets.cache import DatasetStatus
from core.displays.markdown import escape_markdown
from core.errors import HeadroomError
from core.home import describe_error, hide_paths
from core.models.background import EvaluationState, find_evaluation
from core.models.model_info import read_model_info
from core.ui.access import act, action_button
from core.ui.errors import handle_errors
from core.ui.run_link import open_run
from core.ui.session import home

_WATCH_SECONDS = 1.0


def show_evaluation(name: str, status: DatasetStatus) -> None:
    """Show the button that evaluates a model unchanged, the progress, and the link to the run.

    A model that returns no scores, such as one without a classifier, has no button.
    """
    if len(read_model_info(home(), name).output_shape) != 1:
        return
    state = find_evaluation(home(), name, status.name, status.folder)
    with st.expander("Evaluate this model unchanged", icon=":material/fact_check:", expanded=state is not None):
        st.caption(
            escape_markdown(
                f"Predicts the test images of {status.label} with the unchanged model. The run is marked as trained "
                "elsewhere and can be compared with the heads."
            )
        )
        text = st.text_input(
            "Class names of the model",
            key="evaluated-classes",
            placeholder="in the order of the dataset",
            help="In the order of the scores of the model, separated by commas. They must be the classes of the "
            "dataset.",
        )
        running = state is not None and state.is_running
        if action_button(
            evaluate_own_model, "Evaluate unchanged", icon=":material/fact_check:", key="evaluate", disabled=running
        ):
            classes = [part.strip() for part in text.split(",")] if text.strip() else []
            try:
                act(evaluate_own_model, name, status.name, status.folder, classes)
            except HeadroomError as error:
                st.error(escape_markdown(describe_error(error)), icon=":material/error:")
            else:
                st.rerun()
        if state:
            _show_state(name, status, state)


def _show_state(name: str, status: DatasetStatus, state: EvaluationState) -> None:
    if state.is_running:
        st.fragment(_watch, run_every=_WATCH_SECONDS)(name, status)
    elif state.error:
        st.error(escape_markdown(hide_paths(state.error)), icon=":material/error:")
    else:
        st.success(escape_markdown(f"Model {name} was evaluated on {status.label}."), icon=":material/check:")
        if st.button("Show run", icon=":material/arrow_forward:", key="evaluated-run"):
            open_run(state.run_id)


def _watch(name: str, status: DatasetStatus) -> None:
    with handle_errors():
        state = find_evaluation(home(), name, status.name, status.folder)
        if state is None or not state.is_running:
            st.rerun()  # the whole page: the button is enabled again
        st.info(
            escape_markdown(f"Model {name} is being evaluated on {status.label}. This takes a minute or longer."),
            icon=":material/hourglass_top:",
        )
