"""Glossary page: the terms of all pages, commands and documents."""

import streamlit as st

from core.glossary import PATH
from core.ui.heading import show_title

show_title("Glossary")
st.markdown(PATH.read_text(encoding="utf-8").partition("\n")[2])
