"""Entry point of the dashboard: the server, and per page view the page navigation and the page frame."""

import streamlit as st

from core.ui.access import authorize
from core.ui.deployment import apply_deployment
from core.ui.frame import LOGO, run_page
from core.ui.request_guard import announce_address, build_middleware

if __name__ == "__main__":  # a page view
    st.set_page_config(page_title="Headroom", page_icon="📏", layout="wide")
    st.logo(LOGO, size="large")

    authorized = authorize()
    page = st.navigation(
        {
            "Analyze": [
                st.Page("pages/compare.py", title="Compare", icon=":material/balance:", default=True),
                st.Page("pages/parameters.py", title="Parameters", icon=":material/stacked_bar_chart:"),
                st.Page("pages/curves.py", title="Curves", icon=":material/show_chart:"),
                st.Page("pages/predictions.py", title="Predictions", icon=":material/image_search:"),
                st.Page("pages/evidence.py", title="Evidence", icon=":material/fact_check:"),
            ],
            "Train": [
                st.Page("pages/data.py", title="Data", icon=":material/dataset:"),
                st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
                st.Page("pages/advisor.py", title="Advisor", icon=":material/trophy:"),
                st.Page("pages/jobs.py", title="Jobs", icon=":material/list_alt:"),
                st.Page("pages/augmentation.py", title="Augmentation", icon=":material/auto_awesome_motion:"),
            ],
            "Manage": [
                st.Page("pages/runs.py", title="Runs", icon=":material/folder_open:"),
                st.Page("pages/run.py", title="Run", visibility="hidden"),  # opened by links to a run
                st.Page("pages/reports.py", title="Reports", icon=":material/article:"),
            ],
            "Learn": [
                st.Page("pages/library.py", title="Library", icon=":material/local_library:"),
                st.Page("pages/lab.py", title="Convolution lab", icon=":material/grid_on:"),
                st.Page("pages/draw.py", title="Draw your own", icon=":material/draw:"),
                st.Page("pages/glossary.py", title="Glossary", icon=":material/menu_book:"),
            ],
        },
        position="sidebar" if authorized else "hidden",
        expanded=True,
    )
    if authorized:
        run_page(page)
else:
    apply_deployment()
    app = st.App(__file__, middleware=build_middleware(), lifespan=announce_address)
