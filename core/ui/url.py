"""URL parameters: which names there are, what becomes of old ones, and what a link says that no page understands."""

import importlib
import math
import pkgutil

import streamlit as st
from streamlit.navigation.page import StreamlitPage

import core.ui
from core.ui.alias import replace_aliases

_REFUSED = "refused"
_PAGE = "page of the link"
LONGEST = 60

_names: set[str] = set()


def register(*names: str) -> None:
    """Declares the URL names of the widgets of a module, where the module is imported.

    A name belongs to one page: Streamlit carries the value of a name that two pages share from one to the other.
    """
    _names.update(names)


def is_known(name: str) -> bool:
    """Whether some widget has this name. An unknown one is looked for in the modules that no page has imported yet."""
    if name not in _names:
        for module in pkgutil.walk_packages(core.ui.__path__, "core.ui."):
            importlib.import_module(module.name)
    return name in _names


def open_link(page: StreamlitPage) -> None:
    """Replaces former names and values in the URL, then names what the link says wrongly. The page runs on its defaults
    then."""
    if st.session_state.get(_PAGE) != page.title:  # another page was opened before the last one was drawn to its end
        close_link()
        st.session_state[_PAGE] = page.title
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    current = replace_aliases(asked)
    if current != asked:
        st.switch_page(page, query_params=current)
    for name in st.query_params:
        if not is_known(name):
            refuse(name, f'Unknown link parameter "{name[:LONGEST]}" was ignored.')
    for sentence in st.session_state.get(_REFUSED, []):
        st.warning(sentence, icon=":material/link_off:")


def close_link() -> None:
    """Stands after a page: what was named once is not named again."""
    st.session_state.pop(_REFUSED, None)


def refuse(name: str, sentence: str) -> None:
    """Takes a parameter out of the URL and begins again; the sentence stands on top of the page then."""
    st.session_state.setdefault(_REFUSED, []).append(sentence)
    del st.query_params[name]
    st.rerun()


def go(page: str) -> None:
    """Turns to another page. Streamlit refuses to empty a URL that widgets are bound to, but takes an empty one."""
    st.switch_page(page, query_params={})


def reach(name: str, low: float, high: float) -> float | None:
    """A number that the link of a page has brought, within what is allowed, so that its widget can stretch to it; also
    after the widget was moved, so that it does not jump."""
    try:
        asked = float(st.query_params.get(name, ""))
    except ValueError:
        asked = math.nan
    if low <= asked <= high and name not in st.session_state:
        st.session_state[f"reach of {name}"] = asked
    return st.session_state.get(f"reach of {name}")
