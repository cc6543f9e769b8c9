"""URL parameters: registered names, aliases of former names and values, and warnings about invalid links."""

import importlib
import math
import pkgutil

import streamlit as st
from streamlit.navigation.page import StreamlitPage

import core.ui
from core.displays.markdown import escape_markdown
from core.ui.alias import replace_url_aliases

_WARNINGS = "link warnings"
_PAGE = "page of the link"
MAX_SHOWN = 60  # characters of a name or value in a warning

_names: set[str] = set()


def register(*names: str) -> None:
    """Register the URL names of the widgets of a module when it is imported.

    Each name belongs to one page, because Streamlit carries the value of a shared name from one page to the other.
    """
    _names.update(names)


def is_registered(name: str) -> bool:
    """Return whether a widget uses this name; imports the modules of all pages if necessary."""
    if name not in _names:
        for module in pkgutil.walk_packages(core.ui.__path__, "core.ui."):
            importlib.import_module(module.name)
    return name in _names


def apply_link(page: StreamlitPage) -> None:
    """Replace aliases in the URL before a page runs and show warnings about ignored parameters."""
    if st.session_state.get(_PAGE) != page.title:  # the previous page was left before it was complete
        clear_link_warnings()
        st.session_state[_PAGE] = page.title
    params = {name: st.query_params.get_all(name) for name in st.query_params}
    current = replace_url_aliases(params)
    if current != params:
        st.switch_page(page, query_params=current)
    for name in st.query_params:
        if not is_registered(name):
            reject(name, f'Unknown link parameter "{name[:MAX_SHOWN]}" was ignored.')
    for message in st.session_state.get(_WARNINGS, []):
        st.warning(escape_markdown(message), icon=":material/link_off:")


def clear_link_warnings() -> None:
    """Clear the warnings after a page has run, so that each is shown once."""
    st.session_state.pop(_WARNINGS, None)


def reject(name: str, message: str) -> None:
    """Remove a parameter from the URL and rerun the page with a warning and the default value."""
    st.session_state.setdefault(_WARNINGS, []).append(message)
    del st.query_params[name]
    st.rerun()


def open_page(page: str) -> None:
    """Switch to another page without URL parameters."""
    # Streamlit refuses to clear parameters that widgets are bound to, but accepts an empty set
    st.switch_page(page, query_params={})


def read_number(name: str, low: float, high: float) -> float | None:
    """Return the number that a link contains for a widget, if it is within the bounds.

    The number is kept after the widget was moved, so that the range of a slider does not change.
    """
    key = f"number of {name}"
    try:
        value = float(st.query_params.get(name, ""))
    except ValueError:
        value = math.nan
    if low <= value <= high and name not in st.session_state:
        st.session_state[key] = value
    return st.session_state.get(key)
