"""Train: choose, see what it will cost, start, and watch."""

import streamlit as st

from core.ui.frame import errors_as_sentences
from core.ui.jobs import show_latest, show_running
from core.ui.train import choose_specs, show_start

st.title("Train", anchor=False)
show_running()
left, right = st.columns([3, 2], gap="large")
with left:
    specs = choose_specs()
with right, errors_as_sentences():
    show_start(specs)
show_latest()
