"""Train page: choose a configuration, see its estimated cost, start training, and follow its progress."""

import streamlit as st

from core.ui.errors import handle_errors
from core.ui.heading import show_title
from core.ui.job_queue import show_damaged_jobs
from core.ui.train.form import choose_configurations
from core.ui.train.progress import show_completed, show_running
from core.ui.train.start import show_grid, show_start
from core.ui.train.sweep import is_latest_in_progress, show_sweep

show_title("Train")
readable = show_damaged_jobs()  # without the queue, nothing can be started: only the form is shown
shown: set[str] = set()
if sweep_first := readable and is_latest_in_progress():
    with handle_errors():
        shown = show_sweep()
if readable:
    show_running(shown)
left, right = st.columns([3, 2], gap="large")
with left:
    choice = choose_configurations()
plan = None
if readable:
    with right, handle_errors():
        plan = show_start(choice)
if plan:
    show_grid(choice, plan)
if readable and not sweep_first:
    with handle_errors():
        show_sweep()
if readable:
    show_completed()
