"""Library page: the published systems that the recipes reproduce, readable before anything is trained."""

import streamlit as st

from core.ui.library.entry import show_entry, show_entry_heading, show_links
from core.ui.library.overview import choose_recipe, show_introduction, show_overview

heading, bar = st.container(), st.container(horizontal=True)
with bar:
    recipe = choose_recipe()
if recipe:
    with heading:
        show_entry_heading(recipe)
    with bar:
        show_links(recipe)
    show_entry(recipe)
else:
    with heading:
        show_introduction()
    show_overview()
