"""Every view of every kind of dataset: tidy data, a valid chart, a description, and text that is never markup."""

import json
import re
from collections.abc import Iterator

import pytest

from core.datasets.inspect import InspectedDataset, inspect_dataset
from core.datasets.report import SkippedFile, read_report, write_report
from core.displays.data.class_counts import ClassCounts
from core.displays.data.left_out import LeftOut
from core.displays.data.model_input import ModelInput
from core.displays.data.overview import Overview
from core.displays.data.samples import Samples
from core.displays.data_display import DATA_DISPLAYS, DataDisplay, ImageView
from core.displays.data_headline import write_data_headline, write_finding_title
from core.displays.encoding import guard_names
from core.home import Home
from core.plural import format_plural
from core.reports.chart_image import draw_svg
from core.reports.document import Figure
from tests.support.chart_text import list_layout_faults
from tests.support.comparison_cases import HOSTILE_NAMES
from tests.support.dataset_writer import write_dataset
from tests.support.markers import long
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow  # draws every view of every dataset
TABLES = ("data_findings", "overview", "provenance")


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, InspectedDataset]:
    """Datasets by what is special about them."""
    home = Home(tmp_path_factory.mktemp("data"))
    write_dataset(home, HOSTILE_NAMES, name="hostile", train=40, test=10, validation=10)
    path = write_dataset(home, [f"class {k}" for k in range(120)], name="many", train=240, test=120, shape=(8, 8, 1))
    skipped = tuple(SkippedFile(file=f"{k}.jpg", reason=f"reason {k % 12} " + "x" * 90) for k in range(40))
    report = read_report(path)
    assert report is not None
    write_report(path, report.model_copy(update={"skipped": skipped}))
    write_dataset(home, ("cat", "dog", "none"), name="old", train=2, test=2, report=False)
    write_dataset(home, ("cat", "dog"), name="square", square=True, shape=(200, 200, 3))
    write_dataset(home, ("no", "yes"), dataset="celeba", attributes=("Male", "Wearing_Hat"), shape=(24, 16, 3))
    keys = {"digits": "digits", "attributes": "celeba"}
    keys |= {name: f"folder-{name}" for name in ("hostile", "many", "old", "square")}
    return {name: inspect_dataset(home, key) for name, key in keys.items()}


def find_problems(view: DataDisplay) -> Iterator[str]:
    frame, table, text = view.frame(), view.table(), view.describe()
    plain = str | int | float | bool
    if not all(isinstance(value, plain) for row in frame.astype(object).to_numpy().tolist() for value in row):
        yield "its frame has other values than numbers and text"
    if not all(isinstance(name, str) and name == name.lower() for name in frame):
        yield f"columns of its frame: {[*frame]}"
    if type(view).table is not DataDisplay.table:
        yield from (f"heading {name!r}" for name in table if name[0].islower())
        yield from (f"cell {cell}" for cell in table.astype(str).to_numpy().ravel() if re.search(r"\bnan\b", cell))
    if not text.endswith(".") or text.endswith("..") or re.search(r"\bnan\b|\binf\b", text):
        yield f"its description: {text!r}"
    chart = view.chart()
    if chart is None:
        return
    spec = chart.to_dict(validate=view.data.key == "folder-hostile")  # slow for images
    json.dumps(spec, allow_nan=False)
    drawing = json.dumps({name: value for name, value in spec.items() if name != "datasets"})
    yield from (f"{name!r} is part of an expression" for name in HOSTILE_NAMES if f'datum["{name}' in drawing)
    if isinstance(view, ImageView):
        html = view.html()
        yield from (f"{sign} in its HTML" for sign in ("<script", "<b>notes") if sign in html)
        if html.count("<img ") != html.count(' alt="') or ' alt=""' in html:
            yield "an image has no alt text"


@pytest.mark.parametrize("name", DATA_DISPLAYS)
def test_view_shows_every_dataset(name: str, datasets: dict[str, InspectedDataset]) -> None:
    views = {case: DATA_DISPLAYS[name](data) for case, data in datasets.items()}
    assert [f"{case}: {problem}" for case, view in views.items() for problem in find_problems(view)] == []
    assert any(view.chart() is not None for view in views.values()) != (name in TABLES)
    assert all(len(view.frame()) for case, view in views.items() if case == "hostile"), name


@long
def test_texts_of_charts_do_not_overlap(datasets: dict[str, InspectedDataset]) -> None:
    faults = []
    for case, data in datasets.items():
        charts = {name: kind(data).chart() for name, kind in DATA_DISPLAYS.items()}
        figures = [
            Figure(id=name, display=name, title=name, chart=guard_names(chart.to_dict(validate=False)))
            for name, chart in charts.items()
            if chart is not None
        ]
        drawn = draw_svg(figures)
        faults += [f"{case}, {name}: {problem}" for name, problem in drawn.problems.items()]
        faults += [
            f"{case}, {name}: {fault}" for name, svg in drawn.images.items() for fault in list_layout_faults(svg)
        ]
    assert faults == []


def test_every_file_of_the_data_views_is_a_view() -> None:
    files = {path.stem for path in (ROOT / "core" / "displays" / "data").glob("*.py")} - {"__init__"}
    assert set(DATA_DISPLAYS) == files
    assert all(kind.name == name and kind.title for name, kind in DATA_DISPLAYS.items())


def test_headline_states_classes_images_and_the_most_severe_finding(datasets: dict[str, InspectedDataset]) -> None:
    texts = {case: write_data_headline(data) for case, data in datasets.items()}
    assert texts["digits"].startswith(
        "Digits: 10 classes with 174 to 183 images each; 1,149 training, 288 validation and 360 test images. 2 of 360 "
    )
    assert texts["square"] == (
        "Folder square: 2 classes with 8 images each; 9 training, 3 validation and 4 test images. "
        f"{datasets['square'].report.findings[0].message} "
        f"{format_plural(len(datasets['square'].report.findings) - 1, 'more finding')}."
    )
    assert texts["old"].endswith("1 training, 1 validation and 2 test images. 2 files left out.")
    assert "2 attributes" in texts["attributes"]


def test_pages_of_samples_show_every_image_of_a_class_once(datasets: dict[str, InspectedDataset]) -> None:
    data = datasets["hostile"]
    for split, label in (("train", None), ("test", None), ("validation", 3), ("train", 9)):
        views = [Samples(data, split, label, page=page, page_size=4) for page in range(1, 9)]
        rows = [row for view in views[: views[0].pages] for row in view.frame()["row"]]
        assert rows == data.find_rows(split, label).tolist()
        assert views[-1].frame().equals(views[views[0].pages - 1].frame())  # clipped


def test_model_input_states_what_the_crop_removes(datasets: dict[str, InspectedDataset]) -> None:
    frame = ModelInput(datasets["hostile"], side=8).frame()
    sides = frame[["width_pixels", "height_pixels"]]
    assert frame["cut"].to_numpy() == pytest.approx(1 - (sides.min(axis=1) / sides.max(axis=1)).to_numpy())
    cells = ModelInput(datasets["hostile"], side=8).cells()
    assert {cell.image.shape for cell in cells[1::2]} == {(8, 8, 3)}
    for cell, (_, row) in zip(cells[::2], frame.iterrows(), strict=True):
        assert cell.image.shape[1] / cell.image.shape[0] == pytest.approx(
            row["width_pixels"] / row["height_pixels"], rel=0.2
        )
    assert ModelInput(datasets["attributes"]).frame()["cut"].max() == 0  # stored and used unchanged


def test_key_figures_and_titles_of_findings(datasets: dict[str, InspectedDataset]) -> None:
    found = {case: Overview(data).frame().set_index("figure") for case, data in datasets.items()}
    assert found["digits"].loc["Findings", ["value", "note", "rating"]].tolist() == ["1", "1 note", 0]
    assert found["hostile"].loc["Findings", "rating"] == -1
    assert found["hostile"].loc["Images", ["value", "note"]].tolist() == [
        "50",
        "30 training, 10 validation and 10 test",
    ]
    assert found["hostile"].loc["Median image size", "note"].endswith("% cut on average")
    assert found["old"].loc["Findings", "note"] == "images not searched yet"
    assert found["square"].loc["Median image size", "note"] == "pixels; nothing is cut"
    assert found["attributes"].loc["Attributes", "value"] == "2"
    titles = {write_finding_title(one.code) for data in datasets.values() for one in data.report.findings}
    assert all("_" not in title and title[0].isupper() for title in titles)


def test_list_of_files_is_complete_and_safe_in_a_spreadsheet(datasets: dict[str, InspectedDataset]) -> None:
    for case in ("hostile", "old"):
        lines = LeftOut(datasets[case]).csv().decode("utf-8-sig").splitlines()
        assert (len(lines), lines[0]) == (3, "file,reason")
    counts = ClassCounts(datasets["many"])
    assert counts.table()["Total"].tolist() == ["3"] * 120
    assert len(counts.chart().to_dict()["datasets"]) == 1
