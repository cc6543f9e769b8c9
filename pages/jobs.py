"""Jobs page: running, queued and completed jobs."""

import streamlit as st

from core.ui.jobs.queue import show_history, show_queue

st.title("Jobs", anchor=False)
if show_queue():
    show_history()
