"""Train: choose, see what it will cost, start, and watch."""

import streamlit as st

from core.ui.errors import handle_errors
from core.ui.train.form import choose_specs
from core.ui.train.progress import show_latest, show_running
from core.ui.train.start import show_grid, show_start
from core.ui.train.sweep import is_under_way, show_sweep

st.title("Train", anchor=False)
shown: set[str] = set()
if first := is_under_way():
    with handle_errors():
        shown = show_sweep()
show_running(shown)
left, right = st.columns([3, 2], gap="large")
with left:
    choice = choose_specs()
plan = None
with right, handle_errors():
    plan = show_start(choice)
if plan:
    show_grid(choice, plan)
if not first:
    with handle_errors():
        show_sweep()
show_latest()
