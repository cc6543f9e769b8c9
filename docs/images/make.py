"""Takes the screenshots in this folder again, in Chromium: the example runs, and an advice that is trained first.

python -m docs.images.make
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, expect

from core.home import Home
from tests.support.dashboard import browsing, find_port, serving

_FOLDER = Path(__file__).parent
_TIMEOUT_MS = 60_000
_SIZE: ViewportSize = {"width": 1440, "height": 1404}

# Name of the image: path of the page, and the name of a button that is drawn last.
_SCREENSHOTS = {"compare": ("", "Test image"), "advisor": ("advisor?advice={advice}", "Save as report")}
# The first command of the README.
_ADVISE = [
    "advise", "--recipe", "digits-heads", "--heads", "gap,gap_linear,gap_dense,dense", "--margin", "3", "--yes",
]  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, log = Home(Path(folder) / "home"), Path(folder) / "dashboard.log"
        environment = os.environ | {"HEADROOM_HOME": str(home.path)}
        subprocess.run([sys.executable, "-m", "core", *_ADVISE], env=environment, check=True)
        [advice] = (path.parent.name for path in home.advice.glob("*/race.json"))
        with browsing() as browser, serving(home, log, find_port()) as address:
            for name, (path, button) in _SCREENSHOTS.items():
                file = _FOLDER / f"{name}.png"
                _take_screenshot(browser, f"{address}/{path.format(advice=advice)}", button, file)
                print(f"{file.name}: {file.stat().st_size // 1000} kB.", file=sys.stderr)


def _take_screenshot(browser: Browser, address: str, button: str, file: Path) -> None:
    page = browser.new_page(viewport=_SIZE, color_scheme="light")
    page.set_default_timeout(_TIMEOUT_MS)
    page.goto(address)
    expect(page.get_by_role("button", name=button).first).to_be_attached(timeout=_TIMEOUT_MS)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=_TIMEOUT_MS)  # the script has ended
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=_TIMEOUT_MS)
    page.wait_for_function("document.querySelectorAll('.vega-embed canvas, .vega-embed svg').length > 0")
    page.wait_for_timeout(1_000)  # fonts and the last frames of animations
    page.screenshot(path=file)
    page.close()


if __name__ == "__main__":
    main()
