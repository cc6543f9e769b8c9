"""Streamlit pieces that several pages share; the only part of core that knows Streamlit."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

# Until st.navigation has run once in a server, Streamlit takes a folder named pages/ for the navigation itself and
# runs the page of a link without the frame of dashboard.py. The first import here ends that and starts over.
if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
