"""Tasks of users in a real browser with a real server."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.home import Home
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.export import export_report
from core.reports.format import Edition
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from tests.support.dashboard import CHROMIUM, WAIT, find_port, serving
from tests.support.markers import long, thin
from tests.support.page import PAGES
from tests.support.run_writer import RunWriter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]

Open = Callable[..., Page]


@pytest.fixture
def server(home: Home, tmp_path: Path) -> Iterator[str]:
    """Start a server on the home of this test."""
    with serving(home, tmp_path / "dashboard.log", find_port()) as address:
        yield address


@contextmanager
def visiting(context: BrowserContext, server: str) -> Iterator[Open]:
    """Open pages of the dashboard, each in a new session; no script of a page may fail."""
    pages: list[Page] = []
    broken: list[str] = []

    def open_page(path: str = "", *, width: int = 1440, dark: bool = False) -> Page:
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(f"{server}/{path}")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert broken == []


@pytest.fixture
def visit(context: BrowserContext, server: str) -> Iterator[Open]:
    with visiting(context, server) as open_page:
        yield open_page


@pytest.fixture
def read(context: BrowserContext, shared_server: str) -> Iterator[Open]:
    with visiting(context, shared_server) as open_page:
        yield open_page


def _slide(page: Page, name: str, key: str, value: str) -> None:
    """Press a key on a slider until it takes effect: a page that is still being drawn moves the focus."""
    slider = page.get_by_role("slider", name=name)
    for _ in range(40):
        slider.focus()
        page.keyboard.press(key)
        page.wait_for_timeout(250)
        if slider.input_value() == value:
            return
    expect(slider).to_have_value(value)


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


def test_selected_comparison_is_kept_on_other_pages_and_in_the_link(visit: Open, make_run: RunWriter) -> None:
    for head in ("gap", "dense"):
        make_run(head=head, epochs=3)
    page = visit("?compare=digits-heads+%C2%B7+3+epochs")
    expect(page.get_by_text("3 epochs").first).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Curves").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Curves")
    expect(page.get_by_text(re.compile(r"at the last epoch \(3\)")).first).to_be_visible()


@long
def test_selection_does_not_move_to_the_next_run_after_a_deletion(visit: Open, home: Home, make_run: RunWriter) -> None:
    ids = [make_run(seed=seed, epochs=100).run_id for seed in range(2)]
    NoteBook(home).write(ids[1], Note(name="<img src=x onerror=alert(1)>"))
    page = visit("runs?runs_search=epochs>50")
    page.on("dialog", lambda dialog: pytest.fail(f"a name was run: {dialog.message}"))
    table = page.get_by_test_id("stDataFrame").locator("canvas").first
    expect(page.get_by_text("2 of ", exact=False)).to_be_visible()
    table.click(position={"x": 14, "y": 52}, force=True)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("1 deleted run can be restored.")).to_be_visible()
    expect(page.get_by_role("button", name="Compare 1 run")).to_have_count(0)
    assert RunStore(home).deleted() == [ids[1]]
    page.get_by_role("button", name="Restore 1").click()
    expect(page.get_by_text("1 deleted run can be restored.")).to_have_count(0)
    table.click(position={"x": 14, "y": 52}, force=True)
    page.get_by_role("button", name="Open run").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Train again with changes").click()
    expect(page.get_by_role("slider", name="Epochs")).to_have_value("100")


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


@long
def test_training_settings_are_in_the_link_until_the_recipe_changes(read: Open) -> None:
    page = read("train?epochs=3&blocks=1")
    epochs = page.get_by_role("slider", name="Epochs")
    expect(epochs).to_have_value("3")
    _slide(page, "Epochs", "ArrowRight", "4")
    expect(page).to_have_url(re.compile("epochs=4"))
    page.reload()
    expect(epochs).to_have_value("4")
    page.get_by_role("combobox", name="Recipe").click()
    page.get_by_role("option", name="fashion-heads").click()
    expect(epochs).to_have_value("25")
    expect(page).to_have_url(re.compile(r"train\?.*recipe=fashion-heads$"))


@pytest.mark.training
def test_training_started_on_the_page_appears_in_another_session_and_finishes(visit: Open) -> None:
    page = visit("train?train_images=200&filters=8")
    _slide(page, "Epochs", "Home", "1")
    _slide(page, "Seeds", "Home", "1")
    page.get_by_role("button", name="Train 2 runs").click()
    expect(page.get_by_text("2 of 2 runs in progress")).to_be_visible()
    other = visit("train?train_images=200&filters=8&epochs=1&seeds=1")
    expect(other.get_by_role("button", name="Cancel").first).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(r"Flatten \+ Dense · Digits · seed 0.*test accuracy"))).to_be_visible(
        timeout=120_000
    )
    expect(other.get_by_text(re.compile(r"GAP · Digits · seed 0.*test accuracy"))).to_be_visible(timeout=120_000)
    # The page is redrawn when the last job ends, and a button that is being replaced misses the click.
    expect(page.get_by_text("All 2 runs are already trained.")).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.get_by_role("button", name="Show results", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("fewer parameters than"))
    expect(page.get_by_text(re.compile("· 1 epoch ·"))).to_be_visible()


@pytest.mark.training
@long
def test_cancelled_training_publishes_nothing(visit: Open, home: Home) -> None:
    page = visit("train")
    _slide(page, "Seeds", "Home", "1")
    _slide(page, "Epochs", "End", "60")
    page.get_by_role("button", name="Train 2 runs").click()
    stops = page.get_by_role("button", name="Cancel")
    expect(stops).to_have_count(2)
    for left in (1, 0):
        stops.first.click()
        expect(stops).to_have_count(left, timeout=20_000)
    expect(page.get_by_text(re.compile("cancelled")).first).to_be_visible()
    assert not home.runs.exists() or not list(home.runs.iterdir())


def test_selected_runs_are_in_the_link(visit: Open, home: Home, make_run: RunWriter) -> None:
    ids = [make_run(head=head).run_id for head in ("gap", "dense")]
    page = visit(f"?runs={','.join(ids)}")
    expect(page.get_by_role("textbox", name="Run IDs")).to_have_value(",".join(ids))
    page.goto(page.url.partition("?")[0] + "runs?runs_search=epochs:3")
    frame = page.get_by_test_id("stDataFrame").first
    frame.wait_for()
    page.wait_for_timeout(1500)
    for y in (52, 87):
        frame.click(position={"x": 18, "y": y})
        page.wait_for_timeout(700)
    expect(page.get_by_role("button", name="Compare 2 runs")).to_be_visible()
    frame.click(position={"x": 260, "y": 52})
    expect(page).to_have_url(re.compile(rf"/run\?.*run=({'|'.join(ids)})"))
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("on Digits, seed 0"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/runs\?.*runs_search=epochs%3A3"))
    page.get_by_role("button", name="Compare 2 runs").click()
    expect(page).to_have_url(re.compile("compare=runs%3A[0-9a-f]{12}%2C[0-9a-f]{12}"))
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("GAP"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/runs\?.*runs_search=epochs%3A3"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    page.go_forward()
    expect(page).to_have_url(re.compile("compare=runs%3A[0-9a-f]{12}%2C[0-9a-f]{12}"))
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("GAP"))
    page.get_by_role("link", name="Curves").click()
    expect(page).to_have_url(re.compile("curves.*compare=runs%3A[0-9a-f]{12}%2C[0-9a-f]{12}"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Curves")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("GAP"))


def test_report_is_saved_edited_published_and_read_by_another_user(
    visit: Open, make_run: RunWriter, tmp_path: Path
) -> None:
    for head in ("gap", "dense"):
        make_run(head=head)
    page = visit()
    page.get_by_test_id("stPopoverButton").filter(has_text="Share").click()
    page.get_by_role("button", name="Save as report").click()
    page.wait_for_url("**/reports?**report=r*")
    page.get_by_text("Edit", exact=True).click()
    page.get_by_role("button", name="Add block").first.click()
    page.get_by_role("button", name="Add text block").click()
    box = page.get_by_placeholder("Text in Markdown")
    box.fill("GAP is **enough** for us.")
    box.press("Control+Enter")
    expect(page.get_by_role("button", name="Undo last change")).to_be_enabled()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("SHA-256 of the content")).to_be_visible()
    expect(page.locator("strong", has_text="enough")).to_be_visible()
    page.get_by_test_id("stPopoverButton").filter(has_text="Share").click()
    link = page.locator("code", has_text="/reports?report=").inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="HTML (single file, works offline)").click()
    path = tmp_path / "taken.html"
    waiting.value.save_as(path)
    assert "<strong>enough</strong>" in path.read_text(encoding="utf-8")
    other = visit(link.partition("//")[2].partition("/")[2], width=390, dark=True)
    expect(other.locator("strong", has_text="enough")).to_be_visible()
    expect(other.get_by_text("Version 1 of report")).to_be_visible()


@long
def test_report_file_has_interactive_charts_without_a_network(
    browser: Browser, make_run: RunWriter, store: RunStore, tmp_path: Path
) -> None:
    runs = [make_run(head=head, seed=seed) for seed in range(3) for head in ("gap", "dense")]
    document = build_document(write_default(Comparison.of(runs)), store)
    path = tmp_path / "report.html"
    export_report(Edition(document), "html", path, store)
    assert path.stat().st_size < 5_000_000
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else problems.append(request.url)
    )
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn=true]")
    expect(page.get_by_role("heading", level=1)).to_have_text(document.headline)
    expect(page.locator(".tile .value").first).to_have_text("24,586")
    assert page.locator(".chart svg").count() == sum(bool(f.chart and not f.pictures) for f in document.figures)
    chart = page.locator("section[id^=intervals-] .chart")
    chart.scroll_into_view_if_needed()
    chart.locator("svg path[aria-label]").first.hover()
    expect(page.locator("#vg-tooltip-element")).to_contain_text("Head")
    curves = page.locator("section[id^=curves-] .chart").first
    curves.scroll_into_view_if_needed()
    curves.hover(position={"x": 400, "y": 120})
    expect(page.locator("#vg-tooltip-element")).to_contain_text("GAP, validation")
    expect(page.locator("#vg-tooltip-element")).not_to_contain_text("undefined")
    assert page.locator(".cell img").first.evaluate("image => image.naturalWidth") == 28
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch to dark mode").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
    assert problems == []
