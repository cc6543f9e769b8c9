"""URL parameters: registered names, aliases of former names and values, and warnings about invalid links."""

import importlib
import math
import pkgutil
from collections.abc import Sequence
from functools import cache

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx

import core.ui
from core.displays.markdown import escape_markdown
from core.ui.alias import replace_url_aliases

_WARNINGS = "link warnings"
_PAGE, _OPENED = "page of the link", "page was just opened"
_CHANGES, _DRAWN = "changes of the link", "choices on the page"
MAX_SHOWN = 60  # characters of a name or value in a warning

_names: set[str] = set()
_choices: set[str] = set()


def register(*names: str) -> None:
    """Register the URL names of the widgets of a module when it is imported.

    Each name belongs to one page, because Streamlit carries the value of a shared name from one page to the other.
    """
    _names.update(names)


def is_registered(name: str) -> bool:
    """Return whether a widget of any page uses this name."""
    if name not in _names:
        _import_pages()
    return name in _names


@cache
def _import_pages() -> None:
    for module in pkgutil.walk_packages(core.ui.__path__, "core.ui."):
        importlib.import_module(module.name)


def apply_link(page: StreamlitPage) -> None:
    """Replace aliases in the URL before a page runs and show warnings about ignored parameters."""
    if st.session_state.get(_PAGE) != page.title:  # the previous page was left before it was complete
        st.session_state.pop(_WARNINGS, None)
        st.session_state.pop(_CHANGES, None)
        st.session_state[_PAGE], st.session_state[_OPENED] = page.title, True
    st.session_state[_DRAWN] = set()
    params = {name: st.query_params.get_all(name) for name in st.query_params}
    current = replace_url_aliases(params)
    if current != params:
        st.switch_page(page, query_params=current)
    for name in st.query_params:
        if not is_registered(name):
            reject(name, f'Unknown link parameter "{name[:MAX_SHOWN]}" was ignored.')
    for message in st.session_state.get(_WARNINGS, []):
        st.warning(escape_markdown(message), icon=":material/link_off:")


def finish_link() -> None:
    """Remove the parameters of choices that are no longer on the page, and the warnings, which are shown once."""
    for name in set(st.query_params) & _choices - st.session_state.get(_DRAWN, set()):
        if name in st.session_state:  # otherwise the link sets a choice that is not on the page yet
            set_parameter(name, None)
    write_link()
    st.session_state.pop(_WARNINGS, None)
    st.session_state.pop(_OPENED, None)


def note_drawn(name: str) -> None:
    """Note that a choice is on the page."""
    _choices.add(name)
    st.session_state.setdefault(_DRAWN, set()).add(name)


def is_just_opened() -> bool:
    """Return whether the user has just come to this page, so that the URL sets the state of its widgets."""
    return _OPENED in st.session_state


def went_back() -> bool:
    """Return whether the page was opened by Back or Forward, so that the URL sets all widgets."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def set_parameter(name: str, values: Sequence[str] | None) -> None:
    """Set or remove a parameter in the URL at the end of the page or fragment: one entry in the browser history."""
    st.session_state.setdefault(_CHANGES, {})[name] = values


def write_link() -> None:
    """Write the changed parameters to the URL."""
    changes = st.session_state.pop(_CHANGES, {})
    changed = {name: values for name, values in changes.items() if st.query_params.get_all(name) != (values or [])}
    if written := {name: values for name, values in changed.items() if values is not None}:
        st.query_params.update(written)
    for name in changed.keys() - written:
        del st.query_params[name]


def reject(name: str, message: str) -> None:
    """Remove a parameter from the URL and rerun the page with a warning and the default value."""
    st.session_state.setdefault(_WARNINGS, []).append(message)
    st.query_params.pop(name, None)
    st.rerun()


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
