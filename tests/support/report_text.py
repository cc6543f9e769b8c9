"""Texts and values of report files, to compare them with the document."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from html import unescape

import nbformat
from pypdf import PdfReader

from core.home import Home
from core.reports.document import Cell, Document, Figure, Table, write_cell
from core.reports.format import FORMATS, Edition
from core.reports.formats.csv import defuse

MAX_ROWS = 60  # of a table in a document for readers; CSV and JSON files have all rows
Reader = Callable[[bytes], str]


def squeeze(text: str) -> str:
    """Return a text without spaces and without the signs that escape Markdown."""
    return re.sub(r"[\s\\\u2060]", "", text)


def read_pdf(content: bytes) -> str:
    """Return the text of all pages, without the title and the page number of each."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    title = squeeze(pages[1].splitlines()[0]) if len(pages) > 1 else ""
    ends = [re.sub(r"Headroomreport\d+/\d+", "", squeeze(page).removeprefix(title)) for page in pages]
    return "".join(ends)


def read_html(content: bytes) -> str:
    text = re.sub(r"<(script|style).*?</\1>", "", content.decode(), flags=re.DOTALL)
    return squeeze(unescape(re.sub(r"<[^>]*>", "", text)))


def read_markdown(content: bytes) -> str:
    return squeeze(unescape(content.decode()))


def read_notebook(content: bytes) -> str:
    cells = nbformat.reads(content.decode(), as_version=4).cells
    parts = [cell.source for cell in cells]
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        parts += [output.data.get("text/plain", ""), re.sub(r"<[^>]*>", "", output.data.get("text/html", ""))]
    return squeeze(unescape("".join(parts)))


def list_texts(document: Document, *, tables: str) -> Iterator[str]:
    """Yield what readers of a file have to see: `tables` names the tables, all or those that are open."""
    yield from (document.headline, *document.facts, *document.cautions, *document.reproduction.commands)
    yield from list_cells(document.run_table)
    for figure in document.figures:
        if figure.display != "tiles":
            yield from (figure.title, figure.problem or figure.sentence)
        if figure.table and len(figure.table.rows) <= MAX_ROWS and (figure.open or tables == "all"):
            yield from list_cells(figure.table) if figure.display != "tiles" and not figure.pictures else ()


def list_cells(table: Table) -> Iterator[str]:
    yield from (write_cell(cell) for row in table.rows for cell in row)


READERS: dict[str, tuple[Reader, str]] = {
    "html": (read_html, "all"),
    "pdf": (read_pdf, "all"),
    "md": (read_markdown, "open"),
    "ipynb": (read_notebook, "open"),
}


def find_lost(document: Document, form: str) -> list[str]:
    """Return the texts and values of a document that its file does not contain."""
    content = next(iter(FORMATS[form].write(Edition(document), Home.default()).values()))
    if form in READERS:
        read, tables = READERS[form]
        shown = read(content)
        return [text for text in list_texts(document, tables=tables) if squeeze(text) not in shown]
    if form == "json":
        sections = {section["id"]: section for section in json.loads(content)["sections"]}
        found = {figure.id: sections[figure.id]["frame"] for figure in document.figures}
        return [figure.display for figure in document.figures if len(found[figure.id]) != count_rows(figure)]
    if form == "tables":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: read_csv(archive.read(name)) for name in archive.namelist()}
        listed = {row[3]: row[0] for row in files["views.csv"][1:]}
        return [
            figure.display
            for figure in document.figures
            if figure.frame and files[listed[figure.id]] != write_rows(figure.frame)
        ]
    rows = [*csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]
    cells = {(row["block"], row["row"], row["column"]) for row in rows}
    return [
        figure.display
        for figure in document.figures
        for number in range(1, count_rows(figure) + 1)
        for column in (figure.frame.columns if figure.frame else ())
        if (figure.id, str(number), column) not in cells
    ]


def read_csv(content: bytes) -> list[list[str]]:
    return [*csv.reader(io.StringIO(content.decode("utf-8-sig")))]


def count_rows(figure: Figure) -> int:
    return len(figure.frame.rows) if figure.frame else 0


def write_rows(table: Table) -> list[list[str]]:
    """Return the rows as CSV shows them."""
    seed = table.columns.index("seed") if "seed" in table.columns else -1
    rows = [[write_csv_cell(cell, index == seed) for index, cell in enumerate(row)] for row in table.rows]
    return [[*map(str, map(defuse, table.columns))], *rows]


def write_csv_cell(cell: Cell, is_seed: bool) -> str:
    return "mean" if is_seed and cell == -1 else "" if cell is None else str(defuse(cell))
