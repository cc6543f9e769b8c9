"""A table of runs to tick for a comparison of one's own."""

import streamlit as st

from core.displays.number import format_plural
from core.spec import HEADS
from core.ui.state import TICKED, store, ticked_ids


def _compare(ids: list[str]) -> None:
    st.session_state["compare"] = TICKED
    st.session_state["runs"] = ",".join(ids)


def pick_runs() -> None:
    """A fold with all finished runs; ticked ones become the comparison."""
    with st.expander("Pick runs to compare", on_change="rerun", key="pick", icon=":material/checklist:") as fold:
        if not fold.open:
            return
        frame = store().frame()
        columns = [
            "run_id",
            "recipe",
            "dataset",
            "head",
            "seed",
            "trained_epochs",
            "test_accuracy",
            "test_loss",
            "params",
            "source",
        ]
        shown = frame[columns].assign(head=frame["head"].map({name: head.label for name, head in HEADS.items()}))
        event = st.dataframe(
            shown,
            hide_index=True,
            width="stretch",
            height=280,
            on_select="rerun",
            selection_mode="multi-row",
            key="ticks",
            column_config={
                "run_id": "Run",
                "recipe": "Recipe",
                "dataset": "Dataset",
                "head": "Head",
                "seed": "Seed",
                "trained_epochs": "Epochs",
                "test_accuracy": st.column_config.NumberColumn("Test accuracy", format="percent"),
                "test_loss": st.column_config.NumberColumn("Test loss", format="%.4f"),
                "params": st.column_config.NumberColumn("Parameters", format="localized"),
                "source": "From",
            },
        )
        ids = [str(frame["run_id"].iloc[row]) for row in event.selection.rows]
        st.button(
            f"Compare {format_plural(len(ids), 'run')}" if ids else "Tick runs to compare them",
            disabled=not ids or tuple(ids) == ticked_ids(),
            on_click=_compare,
            args=(ids,),
            type="primary",
        )
