"""Pages in Streamlit's own test runner."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@contextmanager
def navigated() -> Iterator[None]:
    """AppTest puts the server back to before its first page view at each run; in here, pages run as in later ones."""
    begin = PagesManager.__init__

    def init(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    with patch.object(PagesManager, "__init__", init):
        yield


def open_page(page: str, /, **params: str | list[str]) -> AppTest:
    """Opens a page as a link does."""
    app = AppTest.from_file(ROOT / "dashboard.py", default_timeout=60)
    app.query_params.update(params)
    return app.switch_page(f"pages/{page}.py").run()
