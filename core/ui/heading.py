"""Page heading: every page has one, also when it fails before it is complete."""

from collections.abc import Sequence

import streamlit as st

from core.displays.markdown import escape_markdown
from core.ui.terms import show_terms

_SHORT_CHARS = 40  # about two lines of a phone; longer titles are smaller there
_LARGE_CHARS = 115  # about two lines of a page of 1440 pixels; longer titles are smaller
_PAGE, _SHOWN = "heading of the page", "heading is shown"


def begin_page(title: str) -> None:
    """Note the title of the page that is about to run."""
    st.session_state[_PAGE], st.session_state[_SHOWN] = title, False


def read_page() -> str:
    """Return the title of the page that runs, as the navigation has it."""
    return str(st.session_state.get(_PAGE, ""))


def show_title(title: str) -> None:
    """Show the title of a page."""
    st.session_state[_SHOWN] = True
    size = "-long" if len(title) > _LARGE_CHARS else "-medium" if len(title) > _SHORT_CHARS else ""
    with st.container(horizontal=True, wrap=False, gap="small", key=f"page-title{size}"):
        st.title(title, anchor=False)
        show_terms(read_page())


def complete_heading() -> None:
    """Show the title of the page, unless the page has shown its own."""
    if not st.session_state.get(_SHOWN, True):
        show_title(escape_markdown(st.session_state[_PAGE]))


def show_summary(summary: str) -> None:
    """Show the main statement of a page, in Markdown. It is no heading: sections follow the title in order."""
    st.markdown(f"**{summary}**")


def show_page_heading(page: str, summary: str) -> None:
    """Show the title of a page and the summary of its charts."""
    show_title(page)
    show_summary(summary)


def show_caveats(caveats: Sequence[str]) -> None:
    """Show what limits the headline of a comparison, as a list if there are several."""
    texts = [*map(escape_markdown, caveats)]
    if len(texts) == 1:
        st.info(f"**Caveat.** {texts[0]}", icon=":material/info:")
    elif texts:
        st.info("\n".join(["**Caveats**\n", *(f"- {text}" for text in texts)]), icon=":material/info:")
