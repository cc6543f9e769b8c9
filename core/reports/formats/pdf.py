"""PDF format: the content of the HTML format on A4 pages, with vector charts."""

import base64
import json
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, ClassVar

from core.displays.direction import keep_order
from core.displays.palette import DEFAULT_MARK
from core.errors import DatasetError, ReportError
from core.home import Home
from core.image_file import read_picture
from core.reports.author_text import Node, keep_percentages, parse_markdown
from core.reports.chart_image import draw_svg, split_panels
from core.reports.document import Figure, Passage, Table, write_cell
from core.reports.format import Edition, Files, Format
from core.reports.formats.html import MAX_ROWS, TEMPLATES, list_tiles
from core.reports.formula import read_formula
from core.reports.seal import add_checksum_line, describe_dashboard

_MAX_MISSING = 12
_FONTS = (
    "Libertinus Serif",
    "Noto Serif CJK SC",
    "Noto Serif",
    "DejaVu Serif",
    "DejaVu Sans",
    "New Computer Modern Math",
)


class Pdf(Format):
    name: ClassVar[str] = "pdf"
    label: ClassVar[str] = "PDF"
    suffix: ClassVar[str] = ".pdf"
    mime: ClassVar[str] = "application/pdf"
    order: ClassVar[int] = 2
    draws: ClassVar[bool] = True

    @staticmethod
    def write(edition: Edition, home: Home) -> Files:
        """
        Raises:
            ReportError: when Typst cannot compile the report.
        """
        import typst

        moment = datetime.fromisoformat(edition.at or edition.document.made_at)
        parts = _list_parts(edition, moment)
        parts["missing"] = find_missing_characters(json.dumps(parts, ensure_ascii=False))
        try:
            content = typst.compile(
                str(TEMPLATES / "report.typ"),
                root=str(TEMPLATES),
                font_paths=_open_fonts(),
                format="pdf",
                sys_inputs={"edition": json.dumps(parts)},
            )
        except typst.TypstError as error:
            raise ReportError(f"The PDF cannot be created: {error.message}.") from error
        return {f"{edition.stem}.pdf": add_checksum_line(content, ".pdf")}


@cache
def _open_fonts() -> Any:
    """Return the fonts of Typst and, for missing characters, those of this machine."""
    import typst

    return typst.Fonts()


def find_missing_characters(text: str) -> list[str]:
    """Return the characters that no font can display, such as "U+1F389 PARTY POPPER"; at most `_MAX_MISSING`.

    The PDF/A standard refuses characters without a glyph; Typst names one of them at a time.
    """
    import typst

    letters = {letter for letter in text if not letter.isascii() and letter.isprintable() and not letter.isspace()}
    missing: list[str] = []
    while letters and len(missing) < _MAX_MISSING:
        words = json.dumps(" ".join(sorted(letters)), ensure_ascii=False)
        source = f"#set text(font: ({json.dumps(_FONTS)[1:-1]}))\n#{words}"
        try:
            typst.compile(source.encode(), font_paths=_open_fonts(), format="pdf", pdf_standards="a-2b")
            break
        except typst.TypstError as error:
            found = {letter for letter in letters if f'"{letter}' in error.message or f"{letter}" in error.message}
            if not found:
                break
            missing += sorted(found)
            letters -= found
    return [f"U+{ord(letter):04X} {unicodedata.name(letter, '')}".rstrip() for letter in missing[:_MAX_MISSING]]


def _list_parts(edition: Edition, moment: datetime) -> dict[str, Any]:
    """Return the edition as data for the template, with all cells as text."""
    document = edition.document
    rows = {figure.id: split_panels(figure) for figure in document.figures if figure.chart and not figure.pictures}
    drawn = draw_svg(chain.from_iterable(rows.values()))
    svgs = {name: [drawn.images[row.id] for row in of if row.id in drawn.images] for name, of in rows.items()}
    problems = {name: drawn.problems[row.id] for name, of in rows.items() for row in of if row.id in drawn.problems}
    fields = ("year", "month", "day", "hour", "minute", "second")
    return {
        "fonts": _FONTS,
        "describe": edition.describe(),
        "checksum": edition.checksum,
        "origin": f"Made with {describe_dashboard()}.",
        "date": {field: getattr(moment, field) for field in fields},
        "document": {
            "title": keep_percentages(document.title),
            "author": document.author,
            "summary": _parse_text(document.summary),
            "headline": keep_order(document.headline),
            "facts": [*map(keep_order, document.facts)],
            "cautions": [*map(keep_order, document.cautions)],
            "sections": [
                _list_section(section, svgs.get(section.id, []), problems.get(section.id, ""))
                for section in document.sections
            ],
            "runs": _write_table(document.run_table),
            "commands": document.reproduction.commands,
            "environment": _write_table(document.environment_table),
        },
    }


def _list_section(section: Passage | Figure, svgs: list[str], not_drawn: str) -> dict[str, Any]:
    if isinstance(section, Passage):
        return {"kind": "words", "words": _parse_text(section.text)}
    return _list_figure(section, svgs) | {"not_drawn": not_drawn}


def _parse_text(text: str) -> list[Node]:
    """Return the syntax tree of a text, with the elements of its formulas, and the bytes and the width in points of its
    images; of a damaged one, its description."""
    nodes = parse_markdown(text)
    for node in _list_nodes(nodes, "formula"):
        try:
            node["parts"] = read_formula(node["text"], display=node["display"])
        except ReportError:
            node["kind"] = "mono"
    for node in _list_nodes(nodes, "image"):
        try:
            content = base64.b64decode(node.pop("url").partition(",")[2])
            width = read_picture(content).shape[1]
        except (DatasetError, ValueError):
            node |= {"kind": "text", "text": f"(Image cannot be read: {node['text']})"}
            continue
        form = "png" if content.startswith(b"\x89PNG") else "jpg"
        node |= {"bytes": [*content], "format": form, "width": min(480, 0.6 * width)}
    return nodes


def _list_nodes(nodes: list[Node], kind: str) -> Iterator[Node]:
    for node in nodes:
        if node["kind"] == kind:
            yield node
        else:
            yield from _list_nodes(node.get("parts", []), kind)


def _list_figure(figure: Figure, svgs: list[str]) -> dict[str, Any]:
    table = figure.table if figure.table and figure.table.rows else None
    hidden = table if table and not figure.open and figure.display != "tiles" else None
    # the images of a gallery already contain the data of its table
    short = hidden is not None and len(hidden.rows) <= MAX_ROWS and not figure.pictures
    return {
        "kind": "figure",
        "title": keep_percentages(figure.title),
        "sentence": keep_order(figure.sentence),
        "problem": keep_order(figure.problem),
        "svgs": svgs,
        "tiles": [_write_tile(tile) for tile in list_tiles(figure)] if figure.display == "tiles" else [],
        "pictures": [
            {
                "png": [*base64.b64decode(picture.url.partition(",")[2])],
                "label": picture.label,
                "predictions": [{"mark": DEFAULT_MARK, **predicted.model_dump()} for predicted in picture.predictions],
            }
            for picture in figure.pictures
        ],
        "shown": _write_table(table) if table and figure.open else None,
        "appendix": _write_table(hidden) if hidden and short else None,
        "omitted": hidden is not None and not short,
    }


def _write_tile(tile: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": keep_order(f"{tile['Metric']}, {tile['Head']}"),
        "value": keep_order(str(tile["Value"])),
        "difference": keep_order(str(tile["Difference"] or "")),
        "better": {1: 1, -1: 2}.get(tile["better"], 0),
    }


def _write_table(table: Table) -> dict[str, Any]:
    rows = [[keep_order(write_cell(cell)) for cell in row] for row in table.rows]
    return {"columns": table.columns, "rows": rows, "words": table.words}
