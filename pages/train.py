"""Train page: choose a configuration, see its estimated cost, start training, and follow its progress."""

import streamlit as st

from core.ui.errors import handle_errors
from core.ui.heading import show_title
from core.ui.train.form import choose_configurations
from core.ui.train.progress import show_completed, show_running
from core.ui.train.start import show_grid, show_start
from core.ui.train.sweep import is_latest_in_progress, show_sweep

show_title("Train")
shown: set[str] = set()
if sweep_first := is_latest_in_progress():
    with handle_errors():
        shown = show_sweep()
show_running(shown)
left, right = st.columns([3, 2], gap="large")
with left:
    choice = choose_configurations()
plan = None
with right, handle_errors():
    plan = show_start(choice)
if plan:
    show_grid(choice, plan)
if not sweep_first:
    with handle_errors():
        show_sweep()
show_completed()
