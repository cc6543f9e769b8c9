"""Markdown with pictures beside it, for a pull request or a wiki."""

from collections.abc import Iterator
from html import escape
from typing import ClassVar

from core.displays.markdown import escape_markdown
from core.home import Home
from core.reports.document import Figure, Passage, Table, write_cell
from core.reports.format import Edition, Files, Format
from core.reports.picture import write_png

_MOST_ROWS = 40


class Markdown(Format):
    name: ClassVar[str] = "md"
    label: ClassVar[str] = "Markdown with pictures"
    suffix: ClassVar[str] = ".md"
    mime: ClassVar[str] = "text/markdown"
    place: ClassVar[int] = 3
    several: ClassVar[bool] = True

    @staticmethod
    def write(edition: Edition, home: Home) -> Files:
        folder = f"{edition.stem}-pictures"
        drawn = [figure for figure in edition.document.figures if figure.chart]
        names = {figure.id: f"{folder}/{n:02}-{figure.display}.png" for n, figure in enumerate(drawn, 1)}
        text = "\n\n".join(_write(edition, names)) + "\n"
        pictures = {names[figure.id]: write_png(figure.chart) for figure in drawn if figure.chart}
        return {f"{edition.stem}.md": text.encode(), **pictures}


def _write(edition: Edition, names: dict[str, str]) -> Iterator[str]:
    document = edition.document
    yield f"# {_text(document.title)}"
    yield f"**{_text(document.headline)}**"
    yield _text(" · ".join(document.facts))
    yield _text(edition.describe())
    if document.cautions:
        yield f"> **Keep in mind.** {_text(' '.join(document.cautions))}"
    for section in document.sections:
        if isinstance(section, Passage):
            yield escape(section.text, quote=False).replace("![", "!\\[").strip()  # no picture from elsewhere
        else:
            yield from _write_figure(section, names)
    yield "## The runs"
    yield _write_table(document.run_table)
    yield "## How to get these figures again"
    yield "```bash\n" + "\n".join(document.reproduction.commands) + "\n```"
    yield _write_table(document.environment_table)
    if edition.checksum:
        yield f"SHA-256 of what it says: `{edition.checksum}`"


def _write_figure(figure: Figure, names: dict[str, str]) -> Iterator[str]:
    yield f"## {_text(figure.title)}"
    if figure.problem:
        yield _text(figure.problem)
        return
    if figure.id in names:
        yield f"![{_text(figure.sentence)}]({names[figure.id]})"
    yield _text(figure.sentence)
    table = figure.table
    if figure.open and table is not None and 0 < len(table.rows) <= _MOST_ROWS:
        yield _write_table(table)


def _write_table(table: Table) -> str:
    lines = [table.columns, *(map(write_cell, row) for row in table.rows)]
    header, *rows = ["| " + " | ".join(map(_text, line)) + " |" for line in lines]
    return "\n".join([header, "| " + " | ".join(["---"] * len(table.columns)) + " |", *rows])


def _text(text: str) -> str:
    """As it is read: no Markdown, no HTML, no end of a table's cell, nobody called by name."""
    return escape_markdown(text).replace("|", "\\|").replace("@", "&#64;")
