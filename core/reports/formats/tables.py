"""Tables format: a ZIP archive with one CSV file per view, which has one row per row of the view."""

import csv
import io
import re
from collections.abc import Iterator
from typing import ClassVar

from core.analysis.curve import MEAN
from core.home import Home
from core.reports.document import Cell, Document, Passage, Table
from core.reports.format import Edition, Files, Format, pack
from core.reports.formats.csv import defuse


class Tables(Format):
    name: ClassVar[str] = "tables"
    label: ClassVar[str] = "CSV (one table per view)"
    suffix: ClassVar[str] = ".zip"
    mime: ClassVar[str] = "application/zip"
    order: ClassVar[int] = 7

    @staticmethod
    def write(edition: Edition, home: Home) -> Files:
        files = {name: _write_csv(rows) for name, rows in _list_tables(edition.document)}
        return {f"{edition.stem}.zip": pack(files)}


def _list_tables(document: Document) -> Iterator[tuple[str, list[tuple[Cell, ...]]]]:
    """Yield the file name and the rows of each table. `views.csv` lists all files, `report.csv` has the texts."""
    views: list[tuple[Cell, ...]] = [("file", "view", "title", "block", "settings", "description")]
    tables = []
    for number, figure in enumerate(document.figures, 1):
        name = f"{number:02}-{re.sub(r'[^a-z0-9_]', '-', figure.display)}.csv"
        settings = "; ".join(f"{key}={value}" for key, value in figure.settings.items())
        rows = figure.frame or figure.table
        found = (figure.display, figure.title, figure.id, settings, figure.sentence or figure.problem)
        views.append((name if rows else None, *found))
        if rows:
            tables.append((name, _list_rows(rows)))
    yield "report.csv", [("name", "value"), *_list_texts(document)]
    yield "views.csv", views
    yield from tables
    runs = [run.model_dump() for run in document.runs]
    yield "runs.csv", [tuple(runs[0]), *(tuple(run.values()) for run in runs)]


def _list_texts(document: Document) -> Iterator[tuple[Cell, ...]]:
    yield "title", document.title
    yield "headline", document.headline
    yield from (("fact", text) for text in document.facts)
    yield from (("caution", text) for text in document.cautions)
    yield from (("text", section.text) for section in document.sections if isinstance(section, Passage))
    yield from (("command", text) for text in document.reproduction.commands)
    yield from document.reproduction.environment.items()


def _list_rows(table: Table) -> list[tuple[Cell, ...]]:
    seed = table.columns.index("seed") if "seed" in table.columns else None
    rows = [
        tuple("mean" if (column, cell) == (seed, MEAN) else cell for column, cell in enumerate(row))
        for row in table.rows
    ]
    return [table.columns, *rows]


def _write_csv(rows: list[tuple[Cell, ...]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows([*map(defuse, row)] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")  # with a byte order mark for Excel
