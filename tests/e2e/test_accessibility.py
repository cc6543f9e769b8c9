"""Accessibility, headings and height of every page in a real browser, with the rules of axe-core."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Page, expect

from core.home import EXAMPLES
from core.recipes import RECIPES
from core.ui.data.sections import SECTIONS as DATA_SECTIONS
from core.ui.evidence.sections import SECTIONS
from core.ui.lab.topic import TOPICS
from core.ui.link_choice import write_id
from core.ui.predictions.sections import SECTIONS as PREDICTIONS
from tests.support.dashboard import CHROMIUM
from tests.support.markers import LONG, long
from tests.support.page import PAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]

Open = Callable[[str], Page]

axe = pytest.importorskip("axe_playwright_python", reason="needs axe-core: run make test to install it")
AXE = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

# Serious violations that Headroom cannot change: rule, selector of the element, reason.
OF_STREAMLIT = (
    ("list", "ul[data-testid=stSidebarNavItems]", "st.navigation puts its groups as div into a ul"),
    ("listitem", "ul[data-testid=stSidebarNavItems] li", "st.navigation puts its groups as div into a ul"),
    ("svg-img-alt", "g[class*=brush_brush]", "Vega draws the rectangle of a selection with a role and no name"),
    ("scrollable-region-focusable", ".katex-display", "st.latex lets a formula scroll without a focus"),
)

_MAX_HEIGHT = 2250  # 2.5 screens of 900 pixels
_MAX_LINES = 4  # of a title
_RUN = """async (streamlit) => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  const listed = [];
  for (const rule of found.violations) {
    if (rule.id !== "heading-order" && !["serious", "critical"].includes(rule.impact)) continue;
    for (const node of rule.nodes) {
      const path = node.target.flat();
      const element = path.length === 1 ? document.querySelector(path[0]) : null;
      const own = streamlit.some(([id, selector]) => id === rule.id && element?.matches(selector));
      const reason = (node.any[0] || node.all[0] || {}).message || "";
      if (!own) listed.push(`${rule.id}: ${node.html.slice(0, 160)} ${reason}`);
    }
  }
  return listed;
}"""


@pytest.fixture(scope="module")
def open_page(shared_server: str, browser: Browser) -> Iterator[Open]:
    """Open pages of the server that has only the examples."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    failed: list[str] = []
    page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)

    def open_path(path: str) -> Page:
        page.goto(f"{shared_server}/{path}")
        wait_until_drawn(page)
        assert failed == []
        page.evaluate(AXE)
        page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
        return page

    yield open_path
    page.close()


def wait_until_drawn(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.wait_for_function("document.querySelectorAll('[data-stale=true]').length === 0")
    page.wait_for_timeout(1_000)


def list_violations(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_RUN, [rule[:2] for rule in OF_STREAMLIT])
    return found


def measure(page: Page) -> int:
    height: int = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    return height


SCREENS = [(1440, False), (390, True), (1440, True), (390, False)]
"""Widths in pixels, and whether the theme is dark."""


_COUNT_LINES = """() => {
  const title = document.querySelector("h1"), style = getComputedStyle(title);
  return Math.round((title.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)) /
    parseFloat(style.lineHeight));
}"""


def check(page: Page, name: str, screens: list[tuple[int, bool]] = SCREENS) -> list[str]:
    """Return the violations on a page at some widths and themes, and titles that are too long."""
    found = []
    for width, dark in screens:
        page.set_viewport_size({"width": width, "height": 900})
        if (menu := page.get_by_test_id("stMainMenu").bounding_box()) is None or menu["x"] + menu["width"] > width:
            found.append(f"{name}, {width} pixels: the menu is outside the screen")
        if (lines := page.evaluate(_COUNT_LINES)) > _MAX_LINES:
            found.append(f"{name}, {width} pixels: the title has {lines} lines")
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.wait_for_timeout(500)
        found += [f"{name}, {width} pixels, {'dark' if dark else 'light'}: {text}" for text in list_violations(page)]
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    return found


def test_every_page_is_accessible_and_at_most_two_and_a_half_screens_high(open_page: Open) -> None:
    found, high = [], {}
    example = next(folder.name for folder in sorted(EXAMPLES.iterdir()) if (folder / "record.json").is_file())
    for number, name in enumerate([*PAGES, f"run?run={example}", "library?library=kmnist-heads"]):
        if not LONG and number % 3:  # a page takes seconds
            continue
        page = open_page(name)
        if (height := measure(page)) > _MAX_HEIGHT:
            high[name] = height
        found += check(page, name, SCREENS if LONG else [SCREENS[number // 3 % 2]])  # axe takes a second per screen
    assert found == []
    assert high == {}


def test_dialogs_are_accessible_and_return_the_focus(open_page: Open) -> None:
    page = open_page("compare")
    found = []
    image = page.get_by_role("button", name=re.compile("^Test image 3,")).first
    menu = page.get_by_test_id("stMainMenu").get_by_role("button")
    for opener, dialog in ((image, "Class probabilities"), (menu, "Headroom")):
        opener.click()
        if opener is menu:
            page.get_by_text("About", exact=True).click()
        expect(page.get_by_role("dialog").get_by_text(dialog).first).to_be_visible()
        page.wait_for_timeout(1_500)
        box = page.get_by_role("dialog").bounding_box()
        assert box is not None
        assert box["height"] <= _MAX_HEIGHT, dialog
        found += check(page, dialog, SCREENS if LONG else SCREENS[:2])
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(opener).to_be_focused()
    assert found == []


def test_terms_and_tour_are_one_click_away(open_page: Open) -> None:
    page = open_page("compare")
    tour = page.get_by_role("region", name="Tour")
    expect(tour.get_by_role("heading")).to_have_text("1 of 3: Read the result")
    tour.get_by_role("button", name="Next").click()
    tour.get_by_role("button", name="Next").click()
    expect(tour.get_by_role("button", name="Open Train")).to_be_focused()
    assert check(page, "tour", SCREENS if LONG else SCREENS[:1]) == []
    page.get_by_test_id("stPopoverButton").filter(has_text="Terms").click()
    expect(page.get_by_text("the layers between the last feature maps")).to_be_visible()
    assert check(page, "terms", SCREENS if LONG else SCREENS[:1]) == []
    page.keyboard.press("Escape")
    tour.get_by_role("button", name="Dismiss").click()
    expect(tour).to_have_count(0)
    page.reload()
    wait_until_drawn(page)
    expect(tour).to_have_count(0)


def test_names_of_comparisons_may_be_wider_than_the_sidebar(open_page: Open) -> None:
    page = open_page("compare")
    picker = page.get_by_test_id("stSidebar").get_by_role("combobox").first
    picker.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # scrolling closes a list
    picker.click()
    box = page.get_by_test_id("stSelectboxVirtualDropdown").bounding_box()
    assert box is not None
    assert box["width"] >= 400


@long
def test_every_section_is_accessible_and_at_most_two_and_a_half_screens_high(open_page: Open) -> None:
    paths = [f"evidence?evidence={name}" for name in SECTIONS]
    paths += [f"lab?lab_topic={quote_plus(write_id(topic))}" for topic in TOPICS]
    paths += [f"data?data_section={name}" for name in DATA_SECTIONS]
    paths += [f"predictions?predictions={name}" for name in PREDICTIONS]
    paths += [f"library?library={name}" for name in RECIPES]
    paths += ["train?backbone=model", "train?recipe=folder-heads", "train?sweep=true&sweep_settings=filters"]
    found, high = [], {}
    for path in paths:
        page = open_page(path)
        if (height := measure(page)) > _MAX_HEIGHT:
            high[path] = height
        found += check(page, path)
    assert found == []
    assert high == {}
