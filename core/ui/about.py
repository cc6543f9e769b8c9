"""About: version, home, executor, datasets and documentation, for the menu of the dashboard.

Streamlit shows the text in its own dialog; the same menu has the theme.
"""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import streamlit as st

from core.access.role import Role
from core.datasets.cache import list_datasets
from core.displays.markdown import escape_markdown, write_code
from core.errors import HeadroomError
from core.home import Home
from core.jobs.executor_choice import read_placement
from core.jobs.local_executor import read_slots
from core.ui.access import user
from core.ui.session import home

Item = Literal["Get help", "Get Help", "get help", "Report a bug", "report a bug", "About", "about"]  # of Streamlit

_SECONDS = 60  # a new dataset appears after this time


def build_menu() -> Mapping[Item, str]:
    """Return the menu items of Streamlit. Only administrators see paths of the server."""
    return {"About": _write(str(home().path), user().role >= Role.ADMIN)}


@st.cache_data(show_spinner=False, ttl=_SECONDS, max_entries=8)
def _write(path: str, shows_path: bool) -> str:
    statuses = list_datasets(Home.default())
    lines = [
        f"Version: {_read_version()}",
        *([f"Home: {write_code(path)}"] if shows_path else []),
        f"Executor: {escape_markdown(_describe_executor())}",
        "Datasets available: "
        + ", ".join(
            f"{escape_markdown(status.label)} ({escape_markdown(status.licence or 'licence not stated')})"
            for status in statuses
            if status.available or status.bundled
        ),
        "Licence of Headroom: not stated",
        "Documentation: [glossary](glossary) · `README.md` and `docs/` in the installation folder",
        "[Show the tour](compare?tour=true)",
        "Theme: in the same menu",
    ]
    return "\n".join(["**Headroom**: how much head does your ConvNet need?", "", *(f"- {line}" for line in lines)])


def _read_version() -> str:
    try:
        return version("headroom")
    except PackageNotFoundError:
        return "not installed as a package"


def _describe_executor() -> str:
    try:
        if read_placement() == "ray":
            return "Ray"
        slots = read_slots()
    except HeadroomError:
        return "invalid settings; run `headroom doctor`"
    return f"this machine, {slots} {'job' if slots == 1 else 'jobs'} at a time"
