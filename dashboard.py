"""Headroom's dashboard: navigation and frame, nothing else."""

import streamlit as st

from core.ui.access import admit
from core.ui.frame import MARK, run_page

st.set_page_config(page_title="Headroom", page_icon="📏", layout="wide")
st.logo(MARK, size="large")

admitted = admit()
page = st.navigation(
    {
        "Report": [
            st.Page("pages/compare.py", title="Compare", icon=":material/balance:", url_path="start", default=True),
            # the start page's address is /, but people type /compare
            st.Page("pages/compare.py", title="Compare", url_path="compare", visibility="hidden"),
            st.Page("pages/parameters.py", title="Parameters", icon=":material/stacked_bar_chart:"),
            st.Page("pages/curves.py", title="Curves", icon=":material/show_chart:"),
            st.Page("pages/predictions.py", title="Predictions", icon=":material/image_search:"),
            st.Page("pages/evidence.py", title="Evidence", icon=":material/fact_check:"),
        ],
        "Make": [
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/jobs.py", title="Jobs", icon=":material/list_alt:"),
            st.Page("pages/augmentation.py", title="Augmentation", icon=":material/auto_awesome_motion:"),
        ],
        "Keep": [
            st.Page("pages/runs.py", title="Runs", icon=":material/folder_open:"),
            st.Page("pages/reports.py", title="Reports", icon=":material/article:"),
        ],
        "Learn": [
            st.Page("pages/lab.py", title="Convolution lab", icon=":material/grid_on:"),
            st.Page("pages/draw.py", title="Draw your own", icon=":material/draw:"),
        ],
    },
    position="sidebar" if admitted else "hidden",
)
if admitted:
    run_page(page)
