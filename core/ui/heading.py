"""Page heading."""

import streamlit as st


def show_page_heading(page: str, summary: str) -> None:
    """Show the title of a page and the summary of its charts."""
    st.title(page, anchor=False)
    st.markdown(f"#### {summary}")
