"""CSV format: all values of a report, one per line, with text that spreadsheets do not run as formulas."""

import csv
import io
from collections.abc import Iterator
from typing import ClassVar

from core.analysis.curve import MEAN
from core.displays.table import is_formula
from core.home import Home
from core.reports.document import Cell, Document
from core.reports.format import Edition, Files, Format
from core.reports.own_image import shorten_images

HEADER = ("view", "title", "row", "column", "value", "block", "settings")


class Csv(Format):
    name: ClassVar[str] = "csv"
    label: ClassVar[str] = "CSV (all values)"
    suffix: ClassVar[str] = ".csv"
    mime: ClassVar[str] = "text/csv"
    order: ClassVar[int] = 5

    @staticmethod
    def write(edition: Edition, home: Home) -> Files:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\r\n")
        writer.writerow(HEADER)
        for row in _list_cells(edition.document):
            writer.writerow(map(defuse, (*row, *[""] * (len(HEADER) - len(row)))))
        return {f"{edition.stem}.csv": buffer.getvalue().encode("utf-8-sig")}  # with a byte order mark for Excel


def _list_cells(document: Document) -> Iterator[tuple[Cell, ...]]:
    summary = (("summary", shorten_images(document.summary)),) if document.summary else ()
    for name, text in (("title", document.title), *summary, ("headline", document.headline)):
        yield "report", document.title, 1, name, text
    for number, fact in enumerate((*document.facts, *document.cautions), 1):
        yield "report", document.title, number, "fact" if number <= len(document.facts) else "caution", fact
    for figure in document.figures:
        block = figure.id, "; ".join(f"{name}={value}" for name, value in figure.settings.items())
        yield figure.display, figure.title, 0, "description", figure.sentence or figure.problem, *block
        for table, kind in ((figure.frame, ""), (figure.table, "as shown: ")):
            if table is None or (kind and table == figure.frame):
                continue
            for number, row in enumerate(table.rows, 1):
                for column, value in zip(table.columns, row, strict=True):
                    cell = "mean" if (column, value) == ("seed", MEAN) else value
                    yield figure.display, figure.title, number, f"{kind}{column}", cell, *block
    for number, run in enumerate(document.runs, 1):
        for column, value in run.model_dump().items():
            yield "runs", "Runs", number, column, value
    for number, command in enumerate(document.reproduction.commands, 1):
        yield "reproduction", "Reproduce these results", number, "command", command
    for name, value in document.reproduction.environment.items():
        yield "reproduction", "Reproduce these results", 0, name, value


def defuse(value: Cell) -> Cell:
    """Prefix text that a spreadsheet would run as a formula with an apostrophe. Numbers are unchanged.

    >>> defuse("=1+1"), defuse(-0.5), defuse("GAP")
    ("'=1+1", -0.5, 'GAP')
    """
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value
