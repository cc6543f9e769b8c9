"""Takes the screenshots in this folder again: a dashboard with the example runs and an empty home, in Chromium.

python -m docs.images.make
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect

from core.home import Home
from tests.support.dashboard import browsing, find_port, serving

_FOLDER = Path(__file__).parent
_TIMEOUT_MS = 60_000
_SIZE = {"width": 1440, "height": 1245}

# Name of the image: path of the page, and a text that is visible when the page is complete.
_SCREENSHOTS = {"compare": ("compare", "First test images")}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, log = Home(Path(folder) / "home"), Path(folder) / "dashboard.log"
        with browsing() as browser, serving(home, log, find_port()) as address:
            for name, (path, text) in _SCREENSHOTS.items():
                file = _FOLDER / f"{name}.png"
                _take_screenshot(browser, f"{address}/{path}", text, file)
                print(f"{file.name}: {file.stat().st_size // 1000} kB.", file=sys.stderr)


def _take_screenshot(browser: Browser, address: str, text: str, file: Path) -> None:
    page = browser.new_page(viewport=_SIZE, color_scheme="light")
    page.set_default_timeout(_TIMEOUT_MS)
    page.goto(address)
    expect(page.get_by_text(text).first).to_be_attached(timeout=_TIMEOUT_MS)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=_TIMEOUT_MS)  # the script has ended
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=_TIMEOUT_MS)
    page.wait_for_function("document.querySelectorAll('.vega-embed canvas, .vega-embed svg').length > 0")
    page.wait_for_timeout(1_000)  # fonts and the last frames of animations
    page.screenshot(path=file)
    page.close()


if __name__ == "__main__":
    main()
