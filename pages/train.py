"""Train page: choose a configuration, see its estimated cost, start training, and follow its progress."""

import streamlit as st

from core.ui.errors import handle_errors
from core.ui.finished import show_latest_batch
from core.ui.heading import show_title
from core.ui.job_queue import show_damaged_jobs
from core.ui.jobs.sweep import follow_former_link, show_sweep_link
from core.ui.train.form import choose_configurations
from core.ui.train.progress import show_completed, show_running
from core.ui.train.start import show_grid, show_start, show_view_only

follow_former_link()
show_title("Train")
show_view_only()
readable = show_damaged_jobs()  # without the queue, nothing can be started: only the form is shown
if readable:
    with handle_errors():
        show_latest_batch()
        show_running(show_sweep_link())
left, right = st.columns([3, 2], gap="large")
with left:
    choice = choose_configurations()
plan = None
if readable:
    with right, handle_errors():
        plan = show_start(choice)
if plan:
    show_grid(choice, plan)
if readable:
    show_completed()
