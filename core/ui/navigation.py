"""Navigation from code to another page, as one entry of the browser history.

`st.switch_page` adds up to three entries: the parameters on the old page, the new page, and the parameters that its
widgets add. The browser opens the complete URL here, as it does for Back and Forward: the URL sets all widgets.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import NoReturn
from urllib.parse import urlencode

import streamlit as st

NAME = "headroom_navigation"

_REQUEST = "page to open"
_LEAVING = "another page is opened"
_HOME = "compare"
_JS = """
export default function ({ data }) {
  if (window.headroomVisit === data.visit) return;
  window.headroomVisit = data.visit;
  const here = new URL(location.href), target = new URL(data.address, here);
  for (const name of ["embed", "embed_options"])
    for (const value of here.searchParams.getAll(name)) target.searchParams.append(name, value);
  history.pushState({}, "", target);
  dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}
"""

_component = st.components.v2.component(NAME, html="<span></span>", js=_JS)

Params = Mapping[str, str | Sequence[str]]


def request_page(page: str, params: Params | None = None) -> None:
    """Open a page with these URL parameters at the next run of the script, for callbacks of widgets."""
    st.session_state[_REQUEST] = page, {**(params or {})}


def open_page(page: str, params: Params | None = None) -> NoReturn:
    """Open a page with these URL parameters."""
    if _LEAVING in st.session_state:  # the condition of the caller is still true, and the browser is on its way
        st.stop()
    request_page(page, params)
    st.rerun()


def has_request() -> bool:
    """Return whether another page is to be opened."""
    return _REQUEST in st.session_state


def follow_request(read_shared: Callable[[], Params]) -> None:
    """Open the requested page, if there is one, at the beginning of a script run.

    Args:
        read_shared: returns the parameters of all pages.
    """
    st.session_state.pop(_LEAVING, None)
    if _REQUEST not in st.session_state:
        return
    page, params = st.session_state.pop(_REQUEST)
    st.session_state[_LEAVING] = True
    name = PurePath(page).stem
    query = urlencode({**params, **read_shared()}, doseq=True)
    address = f"{'./' if name == _HOME else name}{'?' * bool(query)}{query}"
    with st.sidebar:
        _component(data={"address": address, "visit": str(time.time_ns())}, key="navigation")
