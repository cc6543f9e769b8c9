"""HTML report with models, opened as a file in a real browser: predictions, preprocessing, test images, tables."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from core.analysis.activation import prepare_picture
from core.analysis.live_model import LiveModel
from core.architecture.activation_map import normalize_maps
from core.augment.fit import FITS
from core.augment.prepare import prepare
from core.datasets.drawing import DrawnImage, fit_drawing
from core.errors import DatasetError
from core.home import EXAMPLES, Home
from core.reports.export import add_extras, export_report, open_edition
from core.spec import DATASETS
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.thumbnail import load_test_images
from tests.support.activation import picture, seven
from tests.support.dashboard import CHROMIUM

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]
IMAGES, TOLERANCE, MILLISECONDS, BYTES = 200, 1e-3, 50, 5_000_000
PREDICT = """([index, images]) => {
  const found = [], model = headroomTry.models[index];
  const decoded = images.map((image) => headroomImages.toTensor({ data: headroomModels.decodeBytes(image) }));
  const milliseconds = [];
  for (const image of decoded) {
    const begin = performance.now();
    const { probabilities, map } = headroomModels.predict(model, image);
    milliseconds.push(performance.now() - begin);
    found.push({ probs: [...probabilities], map: [...map(probabilities.indexOf(Math.max(...probabilities)))] });
  }
  return { found, milliseconds: milliseconds.sort((a, b) => a - b)[images.length >> 1] };
}"""
PREPARE = """(cases) => cases.map(([width, height, base64, inputs]) => {
  const data = new Uint8ClampedArray(headroomModels.decodeBytes(base64));
  return inputs.map((input) => {
    const found = headroomImages.prepare({ width, height, data }, input);
    return found && [...found.data];
  });
})"""


@dataclass(frozen=True)
class Opened:
    page: Page
    path: Path
    problems: list[str]
    runs: dict[str, Run]
    home: Home


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Report of the examples with their models, in a browser without a network."""
    folder = tmp_path_factory.mktemp("offline")
    store = RunStore(Home(folder / "home"))
    runs = [store.open(path.parent.name) for path in sorted(EXAMPLES.glob("*/record.json"))]
    edition = add_extras(open_edition([run.run_id for run in runs], store), "html", store, models=True)
    export_report(edition, "html", folder / "report.html", store)
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((folder / "report.html").as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn === 'true'", timeout=60_000)
    heads = {"GAP": "gap", "Flatten + Dense": "dense"}
    models = {run.spec.head: run for run in runs if run.has("model.tflite")}
    yield Opened(
        page, folder / "report.html", problems, {label: models[head] for label, head in heads.items()}, store.home
    )
    context.close()


def encode(pixels: NDArray[np.uint8]) -> str:
    return base64.b64encode(pixels.tobytes()).decode("ascii")


def test_browser_predicts_as_litert(opened: Opened) -> None:
    assert opened.path.stat().st_size <= BYTES
    heads = opened.page.evaluate("headroomTry.models.map((model) => model.head)")
    assert heads == [*opened.runs]
    for index, (head, run) in enumerate(opened.runs.items()):
        images = np.asarray(load_test_images(opened.home, run)[:IMAGES])
        expected = LiveModel(run).predict(images)
        answer = opened.page.evaluate(PREDICT, [index, [encode(image) for image in images]])
        probs = np.array([each["probs"] for each in answer["found"]])
        assert np.abs(probs - expected.probs).max() <= TOLERANCE, head
        assert answer["milliseconds"] <= MILLISECONDS, head
        assert expected.maps is not None
        maps = normalize_maps(expected.maps, expected.probs.argmax(axis=1).tolist(), exact=head == "GAP")
        found = np.array([each["map"] for each in answer["found"]]).reshape(maps.shape)
        assert np.abs(found - maps).max() <= 0.02, head


def list_pictures() -> Iterator[NDArray[np.uint8]]:
    """Yield drawings and photos of several sizes and colors, uint8 of shape (height, width, 3)."""
    rng = np.random.default_rng(0)
    for ink, ground in ((255, 0), (30, 230)):
        yield np.repeat(seven(ink, ground)[..., np.newaxis], 3, axis=-1)
    for height, width in ((40, 31), (9, 64), (200, 3), (28, 28)):
        soft = rng.integers(0, 256, (height, width, 3), np.uint8)
        soft[0], soft[-1], soft[:, 0], soft[:, -1] = 0, 0, 0, 0
        yield soft
    yield np.zeros((12, 12, 3), np.uint8)


def test_browser_prepares_images_as_the_dashboard(opened: Opened) -> None:
    drawings = {d.drawing: d.input_shape[0] for d in DATASETS.values() if d.drawing}
    cases: list[Any] = []
    expected: list[list[list[int] | None]] = []
    for pixels in list_pictures():
        height, width = pixels.shape[:2]
        opaque = np.concatenate([pixels, np.full((height, width, 1), 255, np.uint8)], axis=-1)
        inputs: list[dict[str, Any]] = [
            {"height": side, "width": side, "side": side, "channels": 1, "fit": "crop", "drawing": vars(drawing)}
            for drawing, side in drawings.items()
        ]
        inputs += [{"height": 16, "width": 16, "channels": 3, "fit": fit, "drawing": None} for fit in FITS]
        cases.append([width, height, encode(opaque), inputs])
        drawn = [fit_or_none(to_grey(pixels), drawing, side) for drawing, side in drawings.items()]
        expected.append([*drawn, *(prepare(pixels, 16, fit).ravel().tolist() for fit in FITS)])
    for case, ours, theirs in zip(cases, opened.page.evaluate(PREPARE, cases), expected, strict=True):
        for settings, our, their in zip(case[3], ours, theirs, strict=True):
            assert (our is None) == (their is None), settings
            if our is not None:  # Pillow chooses the order of the two passes by their cost
                assert np.abs(np.subtract(our, their)).max() <= (0 if case[0] == case[1] else 2), settings


def to_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).convert("L"))[..., np.newaxis]


def fit_or_none(grey: NDArray[np.uint8], drawing: DrawnImage, side: int) -> list[int] | None:
    try:
        return fit_drawing(grey, drawing, side).ravel().tolist()
    except DatasetError:
        return None


def test_reader_draws_and_opens_an_image(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    answers = page.locator("#try-answers > [data-head]")
    expect(answers).to_have_count(2)
    assert page.locator("[data-prediction]").count() == 0
    canvas = page.get_by_label("Draw", exact=True)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"], steps=4)
    page.mouse.up()
    expect(page.locator('[data-head="GAP"][data-prediction]')).to_be_visible()
    drawn = page.locator('[data-head="GAP"]').get_attribute("data-prediction")
    expect(page.locator("#try-summary")).to_contain_text(f'GAP: "{drawn}" (')
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("[data-prediction]")).to_have_count(0)

    (tmp_path / "seven.png").write_bytes(picture(seven(30, 230)))
    page.locator("#try-file").set_input_files(tmp_path / "seven.png")
    expect(answers.nth(1)).to_have_attribute("data-prediction", re.compile("."))
    for index, (head, run) in enumerate(opened.runs.items()):
        image = prepare_picture(picture(seven(30, 230)), run)
        probs = LiveModel(run).predict(image[np.newaxis]).probs[0]
        assert answers.nth(index).get_attribute("data-head") == head
        assert answers.nth(index).get_attribute("data-prediction") == str(probs.argmax())
        expect(answers.nth(index)).to_contain_text(f"{100 * probs.max():.1f}%"[:2])
        expect(answers.nth(index).get_by_role("img")).to_have_attribute("aria-label", re.compile("^(Grad-)?CAM: "))
    (tmp_path / "text.png").write_text("no image")
    page.locator("#try-file").set_input_files(tmp_path / "text.png")
    expect(page.locator("#try-summary")).to_contain_text('cannot read "text.png"')
    assert opened.problems == []


def test_reader_explores_images_tables_and_sections(opened: Opened) -> None:
    page = opened.page
    count, grid = page.locator("#images-count"), page.locator("#images-grid > button")
    expect(count).to_have_text("360 test images; the first 24 are shown.")
    run = opened.runs["GAP"]
    probs, labels = run.predictions.test_probs, run.predictions.test_labels
    page.locator("#images-head").select_option("GAP")
    page.locator("#images-seed").select_option(str(run.spec.seed))
    page.locator("#images-label").select_option("8")
    page.locator("#images-predicted").select_option("8")
    right = int(((labels == 8) & (probs.argmax(axis=1) == 8)).sum())
    expect(count).to_have_text(re.compile(f"^{right} test image"))
    grid.first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("True class: 8")
    dialog.get_by_role("button", name="Show in").click()
    expect(page.locator('[data-head="GAP"]')).to_have_attribute("data-prediction", "8")

    cells = page.locator("[data-display=confusion] [aria-label*='Head: GAP']")
    wrong = cells.filter(has_not_text="0").first
    label = wrong.get_attribute("aria-label") or ""
    wrong.click(force=True)
    expect(page.locator("#images-label")).to_have_value(re.findall(r"True class: (\d)", label)[0])
    expect(page.locator("#images-predicted")).to_have_value(re.findall(r"Prediction: (\d)", label)[0])
    expect(page.locator("#images-head")).to_have_value("GAP")

    table = page.locator("#runs table")
    for header, key in (("Parameters", lambda text: int(text.replace(",", ""))), ("Run", str)):
        column = table.locator("thead th").all_inner_texts().index(header)
        for direction in (False, True):
            table.locator("thead th").nth(column).get_by_role("button").click()
            shown = [key(row.locator("th, td").nth(column).inner_text()) for row in table.locator("tbody tr").all()]
            assert shown == sorted(shown, reverse=direction)

    links = page.get_by_role("navigation", name="Contents").get_by_role("link")
    anchors = [link.get_attribute("href") or "" for link in links.all()]
    assert page.evaluate("(ids) => ids.filter((id) => !document.querySelector(id))", anchors) == []
    toggle = page.locator("#toggle")
    toggle.click()
    assert page.locator("details.part[open]").count() == 0
    links.filter(has_text="Runs").click()
    expect(table).to_be_visible()
    toggle.click()
    assert page.locator("details.part:not([open])").count() == 0
    assert opened.problems == []
