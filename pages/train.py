"""Train: choose, see what it will cost, start, and watch."""

import streamlit as st

from core.ui.jobs import show_jobs
from core.ui.train import choose_specs, show_start

st.title("Train", anchor=False)
left, right = st.columns([3, 2], gap="large")
with left:
    specs = choose_specs()
with right:
    show_start(specs)
show_jobs()
