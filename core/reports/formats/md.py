"""Markdown format with images in a separate folder, for pull requests and wikis."""

from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import quote

from core.home import Home
from core.plural import format_plural
from core.reports.author_text import write_markdown
from core.reports.chart_image import draw_png
from core.reports.document import Figure, Passage
from core.reports.format import Edition, Files, Format
from core.reports.formats.html import MAX_ROWS
from core.reports.markdown import write_closing, write_markdown_table, write_opening, write_reproduction, write_text
from core.reports.own_image import split_images


class Markdown(Format):
    name: ClassVar[str] = "md"
    label: ClassVar[str] = "Markdown with images"
    suffix: ClassVar[str] = ".md"
    mime: ClassVar[str] = "text/markdown"
    order: ClassVar[int] = 3
    draws: ClassVar[bool] = True
    several: ClassVar[bool] = True

    @staticmethod
    def write(edition: Edition, home: Home) -> Files:
        folder = f"{edition.stem}-images"
        drawn = [figure for figure in edition.document.figures if figure.chart]
        names = {figure.id: f"{folder}/{n:02}-{figure.display}.png" for n, figure in enumerate(drawn, 1)}
        pngs = draw_png(drawn)
        text = "\n\n".join(_write(edition, names, pngs.problems)) + "\n"
        text, own = split_images(text, folder)
        images = {names[figure_id]: png for figure_id, png in pngs.images.items()} | own
        return {f"{edition.stem}.md": text.encode(), **images}


def _write(edition: Edition, names: dict[str, str], problems: dict[str, str]) -> Iterator[str]:
    document = edition.document
    yield from write_opening(edition)
    for section in document.sections:
        if isinstance(section, Passage):
            yield write_markdown(section.text)
        else:
            yield from _write_figure(section, names, problems.get(section.id, ""))
    yield "## Runs"
    yield write_markdown_table(document.run_table)
    yield from write_reproduction(document)
    yield from write_closing(edition)


def _write_figure(figure: Figure, names: dict[str, str], problem: str) -> Iterator[str]:
    yield f"## {write_text(figure.title)}"
    if figure.problem:
        yield write_text(figure.problem)
        return
    if problem:
        yield write_text(problem)
    elif figure.id in names:
        yield f"![{write_text(figure.sentence)}]({quote(names[figure.id])})"
    yield write_text(figure.sentence)
    table = figure.table
    if figure.open and table is not None and 0 < len(table.rows) <= MAX_ROWS:
        yield write_markdown_table(table)
    elif figure.open and table is not None and table.rows:
        rows = format_plural(len(table.rows), "row")
        yield f"The data table has {rows}; it is in the JSON and CSV files of this report."
