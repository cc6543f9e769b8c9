"""Runs: all that was trained, to be found again, marked, told apart, taken along and put away."""

import streamlit as st

from core.ui.errors import show_damaged_runs
from core.ui.runs.bundle import show_import
from core.ui.runs.listing import pick_runs, read_kept
from core.ui.runs.selection import show_chosen, show_removed

st.title("Runs", anchor=False)
frame, notes = read_kept()
if frame.empty:
    st.markdown("#### No runs yet.")
    st.write("What you train stands here when it is finished. Runs of others come in a bundle.")
    st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
elif ids := pick_runs(frame):
    show_chosen(ids, notes)
show_removed()
show_import()
show_damaged_runs()
