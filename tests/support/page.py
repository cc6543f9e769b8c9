"""Pages in Streamlit's own test runner."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import PurePath
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pandas as pd
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from core.ui.navigation import NAME
from tests.support.paths import ROOT

# AppTest reads the metadata of every installed package at each run: a third of the time of a page test.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)

_poll = local_script_runner.require_widgets_deltas


def _wait(runner: LocalScriptRunner, timeout: float = 3) -> None:
    """Wait for the script without waking up every millisecond, as AppTest does."""
    if runner._script_thread is not None:
        runner._script_thread.join(timeout)
    _poll(runner, timeout if runner.script_stopped() else 0)


local_script_runner.require_widgets_deltas = _wait

_run_script = AppTest._run


def _run_and_navigate(app: AppTest, *args: Any, **kwargs: Any) -> AppTest:
    """Run the script and open the page that it asks the browser for, whose URL sets the shared parameters."""
    _run_script(app, *args, **kwargs)
    for element in app.get("bidi_component"):
        if element.proto.component_name.endswith(NAME):
            opened = urlsplit(json.loads(element.proto.json)["address"])
            params = parse_qs(opened.query)
            app.query_params.clear()
            app.query_params.update(params)
            for name in ("compare", "baseline"):
                app.session_state[name] = params.get(name, [""])[0]
            return _run_script(app.switch_page(f"pages/{PurePath(opened.path).name or 'compare'}.py"))
    return app


AppTest._run = _run_and_navigate

_TABLE = '<div class="figures"'
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@contextmanager
def navigated() -> Iterator[None]:
    """Keep the server's state between runs: AppTest resets it to that of the first page view."""
    begin = PagesManager.__init__

    def init(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    with patch.object(PagesManager, "__init__", init):
        yield


def open_page(
    page: str,
    /,
    *,
    user: Mapping[str, object] | None = None,
    secrets: Mapping[str, Any] | None = None,
    **params: str | list[str],
) -> AppTest:
    """Open a page as a link does; `user` are the claims of a login, `secrets` the content of secrets.toml."""
    app = AppTest.from_file(ROOT / "dashboard.py", default_timeout=60)
    if secrets is not None:
        app.secrets.update(secrets)
    if user is not None:
        app.user = dict(user)
    app.query_params.update(params)
    return app.switch_page(f"pages/{page}.py").run()


def read_tables(app: AppTest) -> list[pd.DataFrame]:
    """Return the tables that a page draws as HTML, in page order; all cells are text."""
    drawn = [element.proto.body for element in app.get("html") if _TABLE in element.proto.body]
    return [_read(html[html.index(_TABLE) :]) for html in drawn]


def list_misaligned(app: AppTest) -> list[str]:
    """Return the columns with words that a grid aligns right, as numbers are."""
    found = []
    for grid in app.dataframe:
        config = json.loads(grid.proto.columns or "{}")
        for name, cells in grid.value.items():
            words = [cell for cell in map(str, cells) if re.match("[A-Za-z]{2}", cell)]
            if words and config.get(str(name), {}).get("alignment") == "right":
                found.append(f"{name} ({words[0]}) is aligned right")
    return found


def _read(html: str) -> pd.DataFrame:
    header, *rows = [[cell.text or "" for cell in row] for row in ElementTree.fromstring(html).iter("tr")]
    return pd.DataFrame(rows, columns=header)


TICKED = "Custom selection"
Open = Callable[..., AppTest]


def text_of(app: AppTest) -> str:
    """Return all text on the page and in the sidebar."""
    parts = [
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.error,
        app.warning,
        app.info,
        app.text,
    ]
    parts += [app.success, app.code]
    return "\n".join(str(element.value) for elements in parts for element in elements)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]
