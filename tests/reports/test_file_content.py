"""Files of reports lose nothing: many heads, hostile class names, charts that fail, other scripts, and block IDs."""

import csv
import io
import json
import re
from types import SimpleNamespace
from typing import Any

import nbformat
import pandas as pd
import pytest
from pypdf import PdfReader

from core.displays.display import DISPLAYS
from core.displays.encoding import guard_names
from core.displays.markdown import escape_markdown
from core.displays.number import quote_class, write_pair
from core.displays.table import build_table
from core.home import Home
from core.reports import chart_image
from core.reports.author_text import parse_markdown, write_html
from core.reports.build import build_document
from core.reports.chart_image import draw_svg, load_vega
from core.reports.default_report import write_default
from core.reports.document import Document, write_cell
from core.reports.format import FORMATS, Edition
from core.reports.formats import pdf
from core.reports.report import Block, ChartBlock, TextBlock
from core.spec import HEADS
from core.store.comparison import Comparison
from tests.support.damage import DAMAGES
from tests.support.elsewhere_runs import add_elsewhere
from tests.support.markers import long
from tests.support.report_text import find_lost
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

pytestmark = pytest.mark.slow
KEYS = (
    "constructor", "__proto__", "toString", "hasOwnProperty", "a.b", "a[0]", "a\\b", "it's \"x\"", "datum['y']", "8",
)  # fmt: skip
ARABIC, HEBREW = "هذا تقرير عن الشبكات", "שלום עולם"


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> RunWriter:
    return RunWriter(Home(tmp_path_factory.mktemp("content")))


@pytest.fixture(scope="module")
def keyed(writer: RunWriter) -> Comparison:
    """Two heads whose classes are called like the keys of JavaScript objects."""
    return Comparison.of([rewrite(writer(head=head), classes=KEYS) for head in ("gap", "dense")])


@pytest.fixture(scope="module")
def all_displays(writer: RunWriter, keyed: Comparison) -> Document:
    document = build(writer, keyed, *(ChartBlock(display=name) for name in DISPLAYS))
    assert [figure.problem for figure in document.figures if figure.problem] == []
    return document


def build(writer: RunWriter, comparison: Comparison, *blocks: Block) -> Document:
    return build_document(write_default(comparison).change(blocks=blocks), writer.store)


def write(form: str, document: Document, name: str = "") -> dict[str, bytes]:
    return FORMATS[form].write(Edition(document, name=name), Home.default())


def read_pdf(document: Document) -> str:
    (content,) = write("pdf", document).values()
    pages = [squeeze(page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]
    title = squeeze(document.title)
    return "".join(
        page.removeprefix(title).removesuffix(f"Headroomreport{number}/{len(pages)}")
        for number, page in enumerate(pages, 1)
    )


def squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


@long
def test_pdf_of_nine_heads_contains_every_text(writer: RunWriter) -> None:
    comparison = Comparison.of([writer(head=head, seed=seed) for head in HEADS for seed in range(2)])
    names = ("tiles", "heads", "difference", "significance", "disagreement", "confusion", "robustness", "checks")
    document = build(writer, comparison, *(ChartBlock(display=name) for name in names))
    text = read_pdf(document)
    figures = [figure for figure in document.figures if figure.display != "tiles"]
    expected = [document.headline, *document.facts, *document.cautions, *(figure.sentence for figure in figures)]
    expected += [figure.title for figure in figures]
    for table in (document.run_table, *(figure.table for figure in figures)):
        if table is not None and len(table.rows) <= 60:
            expected += [write_cell(cell) for row in table.rows for cell in row]
    assert [part for part in expected if squeeze(part) not in text] == []


@pytest.mark.parametrize(
    "form", ["html", "csv", *(pytest.param(form, marks=long) for form in ("pdf", "md", "ipynb", "json"))]
)
def test_classes_named_like_object_keys_are_shown(all_displays: Document, form: str) -> None:
    text = "".join(content.decode("utf-8", "replace") for content in write(form, all_displays).values())
    assert "cannot be drawn" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_files_of_all_views_lose_no_text(all_displays: Document) -> None:
    """Formats with drawn charts and other numbers of heads: `test_every_view.py`."""
    forms = [form for form in FORMATS if form not in ("pdf", "md", "ipynb")]
    assert {form: find_lost(all_displays, form) for form in forms} == {form: [] for form in forms}


def test_charts_of_classes_named_like_object_keys_are_drawn(all_displays: Document) -> None:
    drawn = draw_svg(all_displays.figures)
    assert drawn.problems == {}
    confusion = next(figure for figure in all_displays.figures if figure.display == "confusion")
    labels = re.findall(r"<text[^>]*>([^<]*)</text>", drawn.images[confusion.id])
    shown = {
        label.strip("\u00a0").replace("&quot;", '"').replace("&apos;", "'").replace("&#x27;", "'") for label in labels
    }
    assert set(KEYS) <= shown


def test_names_are_guarded_only_where_they_are_keys() -> None:
    spec = {"a": ["constructor", {"b": "__proto__", "c": "constructors"}], "d": 1}
    assert guard_names(spec) == {"a": ["constructor\u00a0", {"b": "__proto__\u00a0", "c": "constructors"}], "d": 1}


@pytest.mark.parametrize("form", ["md", *(pytest.param(form, marks=long) for form in ("pdf", "ipynb"))])
def test_chart_that_cannot_be_drawn_is_a_sentence(
    writer: RunWriter, keyed: Comparison, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = build(writer, keyed, ChartBlock(display="heads"), ChartBlock(display="layers"))
    broken = document.figures[0].model_copy(update={"chart": {"mark": "no such mark", "data": {"values": []}}})
    document = document.model_copy(update={"sections": (broken, document.figures[1])})
    files = write(form, document)
    text = read_pdf(document) if form == "pdf" else next(iter(files.values())).decode()
    assert squeeze(text).count("Thischartcannotbedrawn:") == 1
    assert len(files) == (2 if form == "md" else 1)
    crash = "import os, sys, json; sys.stdin.read(); os._exit(3)"
    monkeypatch.setattr(chart_image, "_DRAW", crash)
    drawn = draw_svg(document.figures)
    assert [*drawn.problems.values()] == 2 * [
        "This chart cannot be drawn: the drawing process crashed. Its values are in the JSON and CSV files."
    ]


def test_views_that_fail_become_sentences(
    writer: RunWriter, keyed: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DISPLAYS["heads"], "chart", lambda self: 1 / 0)
    document = build(writer, keyed, ChartBlock(display="heads"), ChartBlock(display="layers"))
    assert document.figures[0].problem.startswith("This chart cannot be drawn because of an internal error.")
    assert document.figures[1].chart is not None


def test_damaged_chart_script_is_built_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def build(*_: object, **__: object) -> SimpleNamespace:
        calls.append(1)
        return SimpleNamespace(stdout=b"a script\r\n")

    monkeypatch.setattr(chart_image.subprocess, "run", build)
    assert [load_vega(home), load_vega(home)] == ["a script\r\n"] * 2
    assert len(calls) == 1
    (path,) = home.scripts.iterdir()
    for number, (kind, damage) in enumerate(DAMAGES.items(), start=2):
        damage(path)
        assert load_vega(home) == "a script\r\n", kind
        assert len(calls) == number, kind
        if path.is_dir():
            path.rmdir()
        load_vega(home)


def test_images_of_any_file_name_are_found(writer: RunWriter, keyed: Comparison) -> None:
    document = build(writer, keyed, ChartBlock(display="heads"))
    text = next(iter(write("md", document, "my report (v1) [ä]").values())).decode()
    assert "](my%20report%20%28v1%29%20%5B%C3%A4%5D-images/01-heads.png)" in text


def test_csv_distinguishes_blocks_and_names_means(writer: RunWriter, keyed: Comparison) -> None:
    settings = {"metric": "loss", "smoothing": 0.9}
    document = build(writer, keyed, ChartBlock(display="curves"), ChartBlock(display="curves", settings=settings))
    (content,) = write("csv", document).values()
    rows = [*csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]
    keys = [(row["block"], row["row"], row["column"]) for row in rows if row["view"] == "curves"]
    assert len(set(keys)) == len(keys)
    assert {row["settings"] for row in rows} == {"", "metric=loss; smoothing=0.9"}
    seeds = {row["value"] for row in rows if row["column"].split(": ")[-1] == "seed"}
    assert "mean" in seeds
    assert "-1" not in seeds


def test_html_and_notebook_describe_charts_by_their_sentence(writer: RunWriter, keyed: Comparison) -> None:
    document = build(writer, keyed, ChartBlock(display="heads"), ChartBlock(display="disagreement"))
    (content,) = write("html", document).values()
    found = re.search(r'id="charts">(.*?)</script>', content.decode(), re.DOTALL)
    assert found is not None
    charts = json.loads(found[1])
    assert {name: chart["description"] for name, chart in charts.items()} == {
        figure.id: figure.sentence for figure in document.figures
    }
    notebook = nbformat.reads(next(iter(write("ipynb", document).values())).decode(), as_version=4)
    shown = [output["data"] for cell in notebook.cells for output in cell.get("outputs", [])]
    specs = [data[kind] for data in shown for kind in data if "vegalite" in kind]
    assert [spec["description"] for spec in specs] == [figure.sentence for figure in document.figures]


def test_predictions_are_marked_without_colour(writer: RunWriter) -> None:
    comparison = Comparison.of([writer(head=head, accuracy=0.5, seed=7) for head in ("gap", "flatten")])
    document = build(writer, comparison, ChartBlock(display="first"))
    (figure,) = document.figures
    marks = {predicted.head: predicted.mark for picture in figure.pictures for predicted in picture.predictions}
    assert len(set(marks.values())) == 2
    wrong = sum(predicted.wrong for picture in figure.pictures for predicted in picture.predictions)
    html = next(iter(write("html", document).values())).decode()
    assert html.count("</s>&nbsp;✗") == wrong > 0
    assert figure.chart is not None
    captions = [
        row["caption"]
        for rows in figure.chart["datasets"].values()
        for row in rows
        if "caption" in row and "url" not in row
    ]
    assert sum(caption.endswith("✗") for caption in captions) == wrong
    assert {caption[0] for caption in captions} == set(marks.values())


def test_documents_without_marks_keep_their_checksum(writer: RunWriter) -> None:
    document = build(writer, Comparison.of([writer(head="gap")]), ChartBlock(display="first"))
    stored: dict[str, Any] = document.model_dump(mode="json")
    (name,) = stored["sections"][0]["pictures"][0].keys() - {"url", "label"}
    for picture in stored["sections"][0]["pictures"]:
        for predicted in picture[name]:
            del predicted["mark"]
    old = Document.model_validate(stored)
    assert old.model_dump(mode="json") == stored


@pytest.mark.parametrize("words", [ARABIC, HEBREW])
def test_pdf_keeps_words_from_right_to_left_whole(writer: RunWriter, keyed: Comparison, words: str) -> None:
    sentence = f"{words} {words} {words.replace(' ', '')}"
    text = read_pdf(build(writer, keyed, TextBlock(text=sentence)))
    for word in sentence.split():
        assert word in text or word[::-1] in text


def test_pdf_names_missing_characters(writer: RunWriter, keyed: Comparison) -> None:
    present = read_pdf(build(writer, keyed, TextBlock(text=f"{ARABIC}: é")))
    assert "Nofontofthismachine" not in present
    missing = read_pdf(build(writer, keyed, TextBlock(text="\U00013000 and \u1230")))
    assert "U+13000EGYPTIANHIEROGLYPHA001" in missing
    assert "Nofontofthismachinecontains" in missing


def test_passages_know_their_direction() -> None:
    nodes = parse_markdown(f"{ARABIC}\n\nGAP {ARABIC}\n\n- {HEBREW}\n\n| {HEBREW} |\n|-|\n| GAP |")
    assert [node.get("right_to_left", False) for node in nodes] == [True, False, True, True]
    html = write_html(f"{ARABIC} 87.3%\n\nGAP 87.3%\n\n- {HEBREW}\n\n| {HEBREW} |\n|-|\n| GAP |")
    found = [("p", "rtl"), ("p", "auto"), ("ul", "rtl"), ("table", "rtl"), ("th", "rtl"), ("td", "auto")]
    assert re.findall(r"<(\w+) dir=\"(\w+)\">", html) == found
    assert (html.count("87.3\u200e%\u200e"), html.count("GAP 87.3%")) == (1, 1)


def test_class_names_from_right_to_left_do_not_reverse_what_follows() -> None:
    texts = [quote_class(HEBREW), write_pair(ARABIC, HEBREW), write_pair(f"{HEBREW} 2", "8"), quote_class("GAP")]
    assert [text.count("\u200e") for text in texts] == [1, 2, 2, 0]


_REORDERED = re.compile(r"[\u05d0-\u05ea][^\w\n\u200e|<>]*\d")


@pytest.mark.parametrize("form", ["html", "md", "ipynb", "pdf"])
def test_numbers_after_names_from_right_to_left_stay_behind_them(
    writer: RunWriter, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [add_elsewhere(writer.home, HEBREW), *(writer(head=head) for head in ("gap", "dense"))]
    document = build(writer, Comparison.of(runs), *(ChartBlock(display=name) for name in ("heads", "intervals")))
    sentences = [document.headline, *document.facts, *(figure.sentence for figure in document.figures)]
    assert sum(len(_REORDERED.findall(text)) for text in sentences) > 1  # in the document itself: names and numbers
    if form == "pdf":
        parts: list[str] = []
        monkeypatch.setattr(pdf, "find_missing_characters", lambda text: parts.append(text) or [])
        write(form, document)
        found = json.loads(parts[0])
        for section in found["document"]["sections"]:
            section.pop("svgs")
        text = json.dumps(found, ensure_ascii=False)
    else:
        text = next(content.decode() for name, content in write(form, document).items() if name.endswith(form))
        if form == "ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, 4).cells)
        text = re.sub(r"(?s)<script.*?</script>|<svg.*?</svg>|<[^>]*>", "\n", text)
    assert HEBREW in text
    assert _REORDERED.findall(text) == []
    shown = "\n".join([*map(escape_markdown, sentences), build_table(pd.DataFrame({"": [f"{HEBREW} 2"]}))])
    assert _REORDERED.findall(shown) == []  # on pages
