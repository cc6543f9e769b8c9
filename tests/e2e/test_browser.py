"""Pages in a real browser with a real server: frame, charts, images, links and settings."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboard import CHROMIUM, Open
from tests.support.markers import long, thin
from tests.support.page import PAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


def settle(page: Page) -> None:
    """Wait as long as a user does: Streamlit listens to keys and clicks only some time after it draws a part."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_timeout(1000)


@pytest.mark.parametrize(("width", "dark"), thin([(1440, False), (390, True)], 2))
def test_first_screen_is_the_finished_example_report(read: Open, width: int, dark: bool) -> None:
    page = read(width=width, dark=dark)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile(r"GAP: 17\.5× fewer parameters than Flatten \+ Dense")
    )
    expect(page.get_by_text("24,586", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Test image")).first).to_be_visible()
    wider = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wider, "the page scrolls sideways"


@pytest.mark.parametrize("path", ["predictions", pytest.param("train", marks=long)])
def test_link_to_a_page_of_a_new_server_has_the_frame(visit: Open, path: str) -> None:
    page = visit(path)
    expect(page.get_by_role("heading", level=1)).to_have_text(path.title())
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link")).to_have_count(len(PAGES) - 1)  # without Run


def test_calculator_follows_a_slider(read: Open) -> None:
    page = read("parameters")
    expect(page.get_by_role("heading", name="Calculator")).to_be_visible()
    slider = page.get_by_role("slider", name="Dense units")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("264")
    page.get_by_role("slider", name="Input size (pixels per side)").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("side=29"))


def test_tooltip_of_the_curves_contains_all_series(read: Open) -> None:
    page = read("curves")
    chart = page.get_by_test_id("stVegaLiteChart").first
    chart.wait_for()
    chart.locator("canvas, svg.marks").first.wait_for()
    box = chart.bounding_box()
    assert box
    tooltip = page.locator("#vg-tooltip-element")
    for share in (0.5, 0.55, 0.6, 0.65):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
        page.wait_for_timeout(300)
        if tooltip.is_visible():
            break
    text = tooltip.inner_text()
    for series in ("GAP, training", "GAP, validation", "Flatten + Dense, training", "Flatten + Dense, validation"):
        assert series in text


def test_click_on_an_image_opens_all_its_classes(read: Open) -> None:
    page = read("predictions")
    page.get_by_role("button", name=re.compile("^Test image 3,")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Test image 3, true class")).to_be_visible()
    expect(page).to_have_url(re.compile("image=3"))
    expect(dialog.get_by_role("button", name="Next")).to_be_visible()
    settle(page)
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text("Test image 4, true class")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("image=3"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("image=3"))


def test_image_of_a_link_opens_and_focus_returns_to_the_title_or_to_the_image_that_was_clicked(read: Open) -> None:
    page = read("?image=8")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Test image 8, true class")).to_be_visible()
    expect(page).to_have_title("Compare · digits-heads · Headroom")
    page.wait_for_function("window.headroomFocus")  # faster than any user
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("image=8"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()  # nothing on the page has opened the dialog
    image = page.get_by_role("button", name=re.compile("^Test image 3,")).first
    image.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(image).to_be_focused()


def test_back_forward_and_a_copied_link_restore_the_page(read: Open) -> None:
    page = read("evidence?evidence=cost")
    cost = page.get_by_role("combobox", name="Cost")
    cost.click()
    page.keyboard.type("FLOPs")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("compare=recipe(:|%3A)digits-heads.*&cost=flops"))
    link = page.url
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Curves").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Curves")
    page.go_back()
    expect(page).to_have_url(link)
    expect(cost).to_have_value("FLOPs per image")
    page.go_back()
    expect(cost).to_have_value("Parameters")
    page.go_forward()
    expect(cost).to_have_value("FLOPs per image")
    copy = read(link.partition("/evidence")[1].strip("/") + link.partition("/evidence")[2])
    expect(copy.get_by_role("combobox", name="Cost")).to_have_value("FLOPs per image")
    assert copy.url == link


@long
def test_click_on_a_cell_of_the_matrix_opens_its_images(read: Open) -> None:
    page = read("evidence?evidence=Agreement")
    chart = page.get_by_test_id("stVegaLiteChart").first
    chart.locator("canvas, svg.marks").first.wait_for()
    expect(page.get_by_text(re.compile("test images: only GAP"))).to_be_visible()
    settle(page)
    box = chart.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"])  # both wrong: bottom right
    expect(page).to_have_url(re.compile("cell=both"))
    expect(page.get_by_text(re.compile("test images?: both wrong"))).to_be_visible()


def test_click_on_a_point_opens_its_run(read: Open) -> None:
    page = read("evidence?evidence=Cost")
    point = page.locator('path[aria-label*="Run: "]').last
    found = re.search(r"Run: (\w{12})", point.get_attribute("aria-label") or "")
    assert found
    point.click()
    expect(page).to_have_url(re.compile(rf"/run\?.*run={found[1]}$"))
    expect(page.get_by_text(f"Run {found[1]}")).to_be_visible()


@long
def test_rectangle_over_an_axis_selects_runs_to_compare(read: Open) -> None:
    page = read("evidence?evidence=Hyperparameters")
    crossing = page.locator('path[aria-roledescription="point"][aria-label*="Run: "]').last
    crossing.scroll_into_view_if_needed()
    box = crossing.bounding_box()  # of a run on the last axis, that of test accuracy
    assert box
    page.mouse.move(box["x"] - 15, box["y"] - 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 15, box["y"] + 20, steps=5)
    page.mouse.up()
    button = page.get_by_role("button", name=re.compile("^Compare [1-6] runs?$"))
    button.click()
    expect(page.get_by_role("textbox", name="Run IDs")).to_have_value(re.compile(r"^\w{12}(,\w{12})*$"))


@pytest.mark.parametrize(("width", "dark"), thin([(390, True), (1440, False)], 2))
def test_stroke_is_predicted_and_can_be_cleared(read: Open, width: int, dark: bool) -> None:
    page = read("draw", width=width, dark=dark)
    canvas = page.get_by_role("img", name="Drawing canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    for number, (x, y) in enumerate([(0.5, 0.15), (0.5, 0.85)]):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
        page.mouse.up() if number else page.mouse.down()
    answer = page.get_by_text(re.compile(r'^GAP: "?\d"? \(.*%\) · Flatten \+ Dense: "?\d"? \(.*%\)$'))
    expect(answer).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^evidence for .*: strongest evidence"))).to_have_count(2)
    wider = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wider, "the page scrolls sideways"
    clear = page.get_by_role("button", name="Clear")
    clear.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Draw or upload an image to see predictions.")).to_be_visible()
    expect(answer).to_have_count(0)


@long
def test_invalid_link_value_is_reported(read: Open) -> None:
    page = read("?compare=no-such-thing")
    expect(page.get_by_text("Expected a comparison such as")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare")


@long
def test_invalid_value_is_reported_once_and_removed_from_the_link(read: Open) -> None:
    page = read("curves?smoothing=abc&log=true")
    expect(page.get_by_text("Expected smoothing between 0 and 0.95; got 'abc'.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"curves\?log=true&compare=[^&]*$"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Train").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Train")
    expect(page.get_by_text(re.compile("^Expected"))).to_have_count(0)
