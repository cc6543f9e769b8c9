"""Jupyter notebook format: the content of the report, and the code that creates each chart and table again."""

import base64
import json
from collections.abc import Iterator
from typing import Any, ClassVar

from core.home import Home
from core.reports import markdown
from core.reports.author_text import write_markdown
from core.reports.chart_image import CHART_WIDTH_PIXELS, draw_png, stretch
from core.reports.document import Figure, Passage, Table
from core.reports.format import Edition, Files, Format
from core.reports.formats.html import MAX_ROWS, open_table, write_html_table
from core.reports.seal import CHECKSUM_KEY, compute_value_checksum

_OPEN_CODE = """\
from core.displays.display import DISPLAYS
from core.home import Home
from core.reports import markdown
from core.reports.display_option import make_display
from core.store.comparison import Comparison
from core.store.run_store import RunStore

home = Home.default()
comparison = Comparison.of(RunStore(home).open_all({ids!r}))"""
_VIEW_CODE = """\
view = make_display(DISPLAYS[{display!r}], comparison, {settings!r}, home)
view.{method}()"""
_SCALE = 1.5
_MAX_BYTES = 3_000_000  # of all images together; further charts have no PNG fallback
_INSTRUCTIONS = (
    "The code below creates each chart and table again. Run it in a copy of the repository with these runs in its "
    "home. The commands at the end train missing runs."
)


class Notebook(Format):
    name: ClassVar[str] = "ipynb"
    label: ClassVar[str] = "Jupyter notebook"
    suffix: ClassVar[str] = ".ipynb"
    mime: ClassVar[str] = "application/x-ipynb+json"
    order: ClassVar[int] = 6
    draws: ClassVar[bool] = True

    @staticmethod
    def write(edition: Edition, home: Home) -> Files:
        import nbformat
        from nbformat.v4 import new_notebook

        metadata = {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
        notebook = new_notebook(cells=[*_list_cells(edition)], metadata=metadata)
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"  # deterministic, so that an edition always gives the same file
        nbformat.validate(notebook)
        notebook.metadata[CHECKSUM_KEY] = compute_value_checksum(json.loads(nbformat.writes(notebook)))
        return {f"{edition.stem}.ipynb": f"{nbformat.writes(notebook)}\n".encode()}


def _list_cells(edition: Edition) -> Iterator[Any]:
    document = edition.document
    yield _write_text_cell(*markdown.write_opening(edition), _INSTRUCTIONS)
    yield _write_code_cell(_OPEN_CODE.format(ids=[run.run_id for run in document.runs]))
    bytes_left, drawn = _MAX_BYTES, draw_png(document.figures, _SCALE)
    for section in document.sections:
        if isinstance(section, Passage):
            yield _write_text_cell(write_markdown(section.text))
        else:
            png = drawn.images.get(section.id, b"") if bytes_left > 0 else b""
            bytes_left -= len(png)
            yield from _list_figure(section, png, drawn.problems.get(section.id, ""))
    yield _write_text_cell("## Runs", markdown.write_markdown_table(document.run_table))
    yield _write_text_cell(*markdown.write_reproduction(document), *markdown.write_closing(edition))


def _list_figure(figure: Figure, png: bytes, problem: str) -> Iterator[Any]:
    title = f"## {markdown.write_text(figure.title)}"
    if figure.problem:
        yield _write_text_cell(title, markdown.write_text(figure.problem))
        return
    yield _write_text_cell(title, markdown.write_text(figure.sentence))
    outputs = {}
    if problem:
        yield _write_text_cell(markdown.write_text(problem))
    elif figure.chart:
        outputs["chart"] = _show_chart(figure, png)
    table = figure.table
    if table is not None and (figure.open or not outputs):
        outputs["table"] = _show_table(table)
    for number, (method, output) in enumerate(outputs.items()):
        code = _VIEW_CODE.format(display=figure.display, settings=figure.settings, method=method)
        yield _write_code_cell(code if number == 0 else f"view.{method}()", output)


def _show_chart(figure: Figure, png: bytes) -> dict[str, Any]:
    """Return an interactive Vega-Lite 6 chart with a PNG fallback, which GitHub shows for example."""
    image = {"image/png": base64.b64encode(png).decode("ascii")} if png else {}
    interactive = {"application/vnd.vegalite.v6+json": stretch(figure, CHART_WIDTH_PIXELS)}
    return {**interactive, **image, "text/plain": figure.sentence}


def _show_table(table: Table) -> dict[str, Any]:
    frame = open_table(table).head(MAX_ROWS)
    return {"text/html": str(write_html_table(table)), "text/plain": frame.to_string(index=False)}


def _write_text_cell(*paragraphs: str) -> Any:
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell("\n\n".join(paragraphs))


def _write_code_cell(code: str, output: dict[str, Any] | None = None) -> Any:
    from nbformat.v4 import new_code_cell, new_output

    shown = [] if output is None else [new_output("execute_result", output, execution_count=None)]
    return new_code_cell(code, outputs=shown)
