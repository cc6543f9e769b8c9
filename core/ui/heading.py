"""The heading of a page: its title and what it found."""

import streamlit as st


def show_page_heading(page: str, sentence: str) -> None:
    """What a page says, in a sentence over its charts."""
    st.title(page, anchor=False)
    st.markdown(f"#### {sentence}")
