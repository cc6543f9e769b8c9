"""Glossary page: the terms of all pages, commands and documents."""

import streamlit as st

from core.glossary import read_sections
from core.ui.heading import show_title

show_title("Glossary")
st.write("One term per concept. Pages, commands, code and documents use the same terms.")
sections = read_sections()
for tab, text in zip(st.tabs([*sections]), sections.values(), strict=True):
    tab.markdown(text)
