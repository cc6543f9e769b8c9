"""Report files as HTML, Markdown, CSV and JSON: complete, and harmless whatever their texts say."""

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.displays.table import disarm, is_formula
from core.home import Home
from core.reports.author_text import write_html
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.document import Document, Figure
from core.reports.extras import collect_extras
from core.reports.format import FORMATS, Edition, pack
from core.reports.formats.csv import defuse
from core.reports.report import ChartBlock, TextBlock
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from tests.support.hostile import HOSTILE
from tests.support.markers import LONG
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


class Reader(HTMLParser):
    """Counts what could do something, and keeps the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        links = [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.handlers += [url for url in links if not url.startswith(("https://", "http://", "mailto:", "data:", "#"))]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def hostile(make_run: RunWriter, store: RunStore) -> Document:
    """A report whose title, words, classes and run names are all out to do harm."""
    classes = (*HOSTILE[:6], *HOSTILE[7:9], "x" * 200, "👩\u200d🔬")
    made = [rewrite(make_run(head=head), classes=classes) for head in ("gap", "dense")]
    for run, name in zip(made, HOSTILE, strict=False):
        NoteBook(store.home).write(run.run_id, Note(name=name))
    report = write_default(Comparison.of(made), " ".join(HOSTILE[:6]))
    words = tuple(TextBlock(text=text) for text in (*HOSTILE, "y" * 10_000))
    views = tuple(
        view
        for view in report.blocks
        if isinstance(view, ChartBlock) and view.display in ("heads", "first", "class_accuracy")
    )
    return build_document(report.change(blocks=(*words, *views), owner=HOSTILE[0]), store)


def test_html_runs_no_code_in_texts(hostile: Document, store: RunStore) -> None:
    extras = collect_extras(hostile, store, models=True)
    assert extras.images
    (content,) = FORMATS["html"].write(Edition(hostile, extras=extras), store.home).values()
    reader = Reader()
    reader.feed(content.decode())
    assert reader.tags.count("script") == 4  # charts and test images as data, and the code of both
    assert not {"svg", "iframe", "object", "embed", "form", "base"} & {*reader.tags}
    assert reader.tags.count("img") == sum(len(figure.pictures) for figure in hostile.figures)
    assert reader.handlers == []
    text = "".join(reader.text)
    for hostile in (HOSTILE[0], HOSTILE[1], HOSTILE[8]):
        assert hostile in text


def test_csv_has_no_formula(hostile: Document, home: Home) -> None:
    (content,) = FORMATS["csv"].write(Edition(hostile), home).values()
    rows = [*csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith("'=cmd") for cell in cells)
    risky = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [cell for cell in risky if not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)] == []


@given(st.text() | st.sampled_from(["=1", " =1", "+1+1", "-2+3", "@SUM(1)", "\t=1", "-0.5", "+3 %"]))
def test_no_text_is_left_a_formula(text: str) -> None:
    assert not is_formula(str(defuse(text)))
    shown = disarm(pd.DataFrame({"a": [text]}))["a"].iloc[0]
    assert not is_formula(shown)
    assert shown.removeprefix("\u2060") == text.removeprefix("\u2060")


def test_markdown_says_hostile_texts_as_text(hostile: Document, home: Home) -> None:
    files = FORMATS["md"].write(Edition(hostile), home)
    tokens = MarkdownIt("commonmark").enable("table").parse(next(iter(files.values())).decode())
    inside = [child for token in tokens for child in token.children or []]
    assert not [token.content for token in (*tokens, *inside) if token.type.startswith("html")]
    assert {str(token.attrs["src"]) for token in inside if token.type == "image"} == {*files} - {next(iter(files))}
    assert {str(token.attrs["href"]) for token in inside if token.type == "link_open"} <= {"http://a.example/x"}


@pytest.mark.parametrize("text", HOSTILE)
def test_words_become_harmless_html(text: str) -> None:
    reader = Reader()
    reader.feed(write_html(text))
    assert {*reader.tags} <= {"p", "a"}
    assert reader.handlers == []


@given(st.text(max_size=300))
def test_no_words_make_a_script_or_a_handler(text: str) -> None:
    reader = Reader()
    reader.feed(write_html(text))
    assert not {"script", "img", "svg", "iframe", "style"} & {*reader.tags}
    assert reader.handlers == []


def test_html_is_small_and_allows_its_own_scripts_alone(frozen: tuple[Home, Document]) -> None:
    home, document = frozen
    (content,) = FORMATS["html"].write(Edition(document), home).values()
    assert len(content) < 5_000_000
    assert b"default-src 'none'; script-src 'sha256-" in content.replace(b"&#39;", b"'")


def unpack(content: bytes) -> list[bytes]:
    if not content.startswith(b"PK"):
        return [content]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [archive.read(name) for name in archive.namelist()]


@pytest.mark.parametrize("name", [*FORMATS])
def test_every_format_holds_the_headline_and_the_command(name: str, frozen: tuple[Home, Document]) -> None:
    home, document = frozen
    if name in ("md", "ipynb") and not LONG:  # the PDF has all charts
        document = document.model_copy(update={"sections": document.sections[:6]})
    edition = Edition(document, "r7k2m9qx-1", "2026-11-21T12:00:00+00:00", document.checksum, name="mine")
    files = FORMATS[name].write(edition, home)
    first, *others = files
    assert first == f"mine{FORMATS[name].suffix}"
    assert FORMATS[name].several == bool(others)
    if name != "pdf":  # its text is compressed
        text = "".join(part.decode() for part in unpack(files[first]))
        assert "17.5× fewer parameters than Flatten + Dense" in text
        assert document.reproduction.commands[0] in text
        assert document.checksum in text or name in ("csv", "tables")
    if others:
        with zipfile.ZipFile(io.BytesIO(pack(files))) as archive:
            assert archive.namelist() == [*files]
            assert archive.testzip() is None


def test_json_and_csv_hold_every_figure(frozen: tuple[Home, Document]) -> None:
    home, document = frozen
    edition = Edition(document)
    (plain,) = (json.loads(content) for content in FORMATS["json"].write(edition, home).values())
    shown = {section["id"]: section for section in plain["sections"]}
    (content,) = FORMATS["csv"].write(edition, home).values()
    lines = {tuple(row[:5]) for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))}
    assert any(figure.frame and figure.frame.rows for figure in document.figures)
    for figure in document.figures:
        assert isinstance(figure, Figure)
        assert figure.frame is not None
        assert [[*row.values()] for row in shown[figure.id]["frame"]] == [
            [
                None if (column, value) == ("seed", -1) else value
                for column, value in zip(figure.frame.columns, row, strict=True)
            ]
            for row in figure.frame.rows
        ]
        for number, row in enumerate(figure.frame.rows, 1):
            for column, value in zip(figure.frame.columns, row, strict=True):
                cell = "" if value is None else "mean" if (column, value) == ("seed", -1) else str(defuse(value))
                assert (figure.display, figure.title, str(number), column, cell) in lines
