"""A Jupyter notebook: what the report says as it was, and beside each view the code that makes it again."""

import base64
from collections.abc import Iterator
from typing import Any, ClassVar

from core.home import Home
from core.reports import markdown
from core.reports.author_text import write_markdown
from core.reports.chart_image import PLAIN_PIXELS, draw_png, stretch
from core.reports.document import Figure, Passage, Table
from core.reports.format import Edition, Files, Format
from core.reports.formats.html import MOST_ROWS, open_table, write_html_table

_OPEN = """\
from core.displays.display import DISPLAYS
from core.home import Home
from core.reports import markdown
from core.reports.display_option import make_display
from core.store.comparison import Comparison
from core.store.run_store import RunStore

home = Home.default()
comparison = Comparison.of(RunStore(home).open_all({ids!r}))"""
_VIEW = """\
view = make_display(DISPLAYS[{display!r}], comparison, {settings!r}, home)
view.{face}()"""
_SCALE = 1.5
_MOST_BYTES = 3_000_000  # of all pictures together; the charts after these are drawn by Vega alone
_HOW = (
    "The code below makes each view again, in a copy of the repository and with these runs in its home. The commands "
    "at the end train those that are not there."
)


class Notebook(Format):
    name: ClassVar[str] = "ipynb"
    label: ClassVar[str] = "Jupyter notebook"
    suffix: ClassVar[str] = ".ipynb"
    mime: ClassVar[str] = "application/x-ipynb+json"
    order: ClassVar[int] = 6

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
            cell["id"] = f"cell-{number}"  # the same edition is the same file
        nbformat.validate(notebook)
        return {f"{edition.stem}.ipynb": f"{nbformat.writes(notebook)}\n".encode()}


def _list_cells(edition: Edition) -> Iterator[Any]:
    document = edition.document
    yield _say(*markdown.write_opening(edition), _HOW)
    yield _run(_OPEN.format(ids=[run.run_id for run in document.runs]))
    room, drawn = _MOST_BYTES, draw_png(document.figures, _SCALE)
    for section in document.sections:
        if isinstance(section, Passage):
            yield _say(write_markdown(section.text))
        else:
            png = drawn.get(section.id, b"") if room > 0 else b""
            room -= len(png)
            yield from _list_figure(section, png)
    yield _say("## The runs", markdown.write_markdown_table(document.run_table))
    yield _say(*markdown.write_reproduction(document), *markdown.write_checksum(edition))


def _list_figure(figure: Figure, png: bytes) -> Iterator[Any]:
    title = f"## {markdown.write_text(figure.title)}"
    if figure.problem:
        yield _say(title, markdown.write_text(figure.problem))
        return
    yield _say(title, markdown.write_text(figure.sentence))
    faces = {}
    if figure.chart:
        faces["chart"] = _show_chart(figure, png)
    table = figure.table
    if table is not None and (figure.open or not faces):
        faces["table"] = _show_table(table)
    for number, (face, output) in enumerate(faces.items()):
        code = _VIEW.format(display=figure.display, settings=figure.settings, face=face)
        yield _run(code if number == 0 else f"view.{face}()", output)


def _show_chart(figure: Figure, png: bytes) -> dict[str, Any]:
    """Alive where Vega-Lite 6 is known; elsewhere, as on GitHub, a picture."""
    picture = {"image/png": base64.b64encode(png).decode("ascii")} if png else {}
    alive = {"application/vnd.vegalite.v6+json": stretch(figure.chart or {}, PLAIN_PIXELS)}
    return {**alive, **picture, "text/plain": figure.sentence}


def _show_table(table: Table) -> dict[str, Any]:
    frame = open_table(table).head(MOST_ROWS)
    return {"text/html": str(write_html_table(table)), "text/plain": frame.to_string(index=False)}


def _say(*paragraphs: str) -> Any:
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell("\n\n".join(paragraphs))


def _run(code: str, output: dict[str, Any] | None = None) -> Any:
    from nbformat.v4 import new_code_cell, new_output

    shown = [] if output is None else [new_output("execute_result", output, execution_count=None)]
    return new_code_cell(code, outputs=shown)
