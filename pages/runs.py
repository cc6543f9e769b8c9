"""Runs page: search, open, compare, export, archive and delete finished runs."""

import streamlit as st

from core.ui.damaged_runs import show_damaged_runs
from core.ui.heading import show_summary, show_title
from core.ui.run_actions import show_deleted_runs
from core.ui.run_bundle import show_import
from core.ui.runs.listing import read_runs, select_runs
from core.ui.runs.selection import show_selected_runs

show_title("Runs")
frame, notes = read_runs()
if frame.empty:
    show_summary("No runs yet.")
    st.write("Finished runs appear here. Train a comparison, or import runs from a bundle.")
    st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
elif ids := select_runs(frame, notes):
    show_selected_runs(ids, notes)
show_deleted_runs()
show_import()
show_damaged_runs()
