"""Tasks of users across pages, in a real browser with a real server: selections, training and reports."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.home import Home
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.export import export_report
from core.reports.format import Edition
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from tests.support.dashboard import CHROMIUM, Open
from tests.support.markers import long
from tests.support.run_writer import RunWriter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


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
def test_training_settings_are_in_the_link_until_the_recipe_changes(read: Open) -> None:
    page = read("train?epochs=3&blocks=1")
    epochs = page.get_by_role("slider", name="Epochs").first  # while a page changes, its old sliders are there too
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
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    assert height <= 2.5 * page.viewport_size["height"]
    page.get_by_text("Confusion matrix", exact=True).click()
    expect(
        page.get_by_test_id("stExpander").filter(has_text="Confusion matrix").locator("svg, canvas").last
    ).to_be_visible()
    page.get_by_test_id("stPopoverButton").filter(has_text="Share").click()
    link = page.locator("code", has_text="/reports?report=").inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="HTML (single file that works offline)").click()
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
