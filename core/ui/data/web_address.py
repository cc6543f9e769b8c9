"""Form to add a custom dataset from an archive at an https address."""

from collections.abc import Callable
from urllib.parse import urlsplit

import streamlit as st

from core.actions.dataset import add_web_data
from core.augment.fit import Fit
from core.displays.markdown import escape_markdown
from core.errors import HeadroomError
from core.home import describe_error
from core.spec import SETTINGS
from core.ui.access import act, check_permission


def show_web_address(propose_name: Callable[[str], str], fit: Fit) -> str | None:
    """Show the form, and return the key of the dataset when its download has started.

    Args:
        propose_name: Function that converts the name of the archive to the name of a dataset.
        fit: How images that are not square become squares.
    """
    if not check_permission(add_web_data):
        return None
    with st.popover("From a web address", icon=":material/link:"):
        url = st.text_input(
            "Address of a ZIP or tar archive",
            key="added-folder-url",
            placeholder="https://example.org/images.zip",
            help="Only https and only servers in public networks.",
        ).strip()
        proposal = propose_name(urlsplit(url).path.rpartition("/")[2]) if url.isascii() else ""
        name = st.text_input(
            "Name", proposal, key=f"added-folder-url-name-{proposal}", help=SETTINGS["folder"].form.capitalize() + "."
        )
        if not st.button("Download and add", icon=":material/download:", disabled=not url):
            return None
        try:
            return act(add_web_data, name, url, fit).name
        except HeadroomError as error:
            st.error(escape_markdown(describe_error(error)), icon=":material/error:")
            return None
