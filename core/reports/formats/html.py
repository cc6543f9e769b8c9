"""HTML format: a single file with interactive charts that works offline, with light, dark and print styles."""

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from core import displays
from core.displays.direction import keep_order
from core.displays.table import STYLE, build_table
from core.home import Home
from core.plural import format_plural
from core.reports.author_text import keep_percentages, write_html
from core.reports.chart_image import load_vega, stretch
from core.reports.document import Document, Figure, Table, write_cell
from core.reports.format import Edition, Files, Format, write_time
from core.reports.seal import add_checksum_line, describe_dashboard

MAX_ROWS = 60
_OLD_METRIC_COLUMN = "Figure"  # in versions published before the column was renamed
TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
DRAWING_CANVAS = Path(displays.__file__).resolve().parent / "drawing_canvas.js"


class Html(Format):
    name: ClassVar[str] = "html"
    label: ClassVar[str] = "HTML (single file that works offline)"
    suffix: ClassVar[str] = ".html"
    mime: ClassVar[str] = "text/html"
    order: ClassVar[int] = 1
    interactive: ClassVar[bool] = True

    @staticmethod
    def write(edition: Edition, home: Home) -> Files:
        return {f"{edition.stem}.html": add_checksum_line(_render(edition, home).encode(), ".html")}


def _render(edition: Edition, home: Home) -> str:
    document, extras = edition.document, edition.extras
    models = extras.models if extras.models and extras.models.models else None
    scripts = load_scripts(home, models=models is not None)
    return _open_template().render(
        document=document,
        edition=edition,
        extras=extras,
        models=models,
        drawing=any(model["picture"]["drawing"] for model in models.models) if models else False,
        deep=any(model["picture"]["deep"] for model in models.models) if models else False,
        contents=list_contents(document),
        origin=describe_dashboard(),
        policy=write_policy(scripts),
        scripts=[*map(Markup, scripts)],
        style=Markup(STYLE + (TEMPLATES / "report.css").read_text(encoding="utf-8")),
        data={name: Markup(write_json_script(value)) for name, value in _list_data(edition).items()},
    )


def _list_data(edition: Edition) -> dict[str, Any]:
    """Return the data of the scripts, by the ID of their element."""
    document, extras = edition.document, edition.extras
    data: dict[str, Any] = {"charts": {f.id: stretch(f) for f in document.figures if f.chart and not f.pictures}}
    if extras.images:
        data["images"] = extras.images
    if extras.models and extras.models.models:
        data["models"] = {"models": extras.models.models, "classes": extras.models.classes}
    return data


def list_contents(document: Document) -> list[tuple[str, str]]:
    """Return anchor and title of each section: its title, or the first heading of a text block."""
    contents = []
    for section in document.sections:
        if isinstance(section, Figure):
            if section.display != "tiles" or section.problem:
                contents.append((f"{section.display}-{section.id}", section.title))
        elif heading := re.search(r"<h[1-6][^>]*>(.*?)</h", write_html(section.text), re.DOTALL):
            contents.append((f"text-{section.id}", Markup(heading[1]).striptags()))
    return contents


def load_scripts(home: Home, *, models: bool = False) -> list[str]:
    """Return the scripts of an HTML report, escaped for a script element: that of the charts, and ours.

    Args:
        models: whether the report has models.
    """
    own = [TEMPLATES / "report.js", TEMPLATES / "explore.js"]
    if models:
        own += [DRAWING_CANVAS, *(TEMPLATES / name for name in ("predict.js", "prepare.js", "try_models.js"))]
    texts = [load_vega(home), "\n".join(path.read_text(encoding="utf-8") for path in own)]
    return [text.replace("</script", "<\\/script") for text in texts]


def write_policy(scripts: list[str]) -> str:
    """Return a content security policy that allows only these scripts, embedded images and no network access."""
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def write_json_script(value: Any) -> str:
    """Return a value as JSON, escaped for a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def write_html_table(table: Table) -> Markup:
    return Markup(build_table(open_table(table), table.words, style=False))


def open_table(table: Table) -> pd.DataFrame:
    """Return a table as a data frame, with cells formatted for display."""
    return pd.DataFrame([[write_cell(cell) for cell in row] for row in table.rows], columns=[*table.columns])


def list_tiles(figure: Figure) -> list[dict[str, Any]]:
    if figure.table is None or figure.frame is None:
        return []
    better = figure.frame.columns.index("better")
    columns = ["Metric" if name == _OLD_METRIC_COLUMN else name for name in figure.table.columns]
    return [
        dict(zip(columns, row, strict=True)) | {"better": plain[better]}
        for row, plain in zip(figure.table.rows, figure.frame.rows, strict=True)
    ]


@cache
def _open_template() -> Any:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "markdown": lambda text: Markup(write_html(text)),
        "line": keep_percentages,
        "sentence": keep_order,
        "table": write_html_table,
        "time": write_time,
        "tiles": list_tiles,
        "plural": format_plural,
    }
    environment.globals["MAX_ROWS"] = MAX_ROWS
    return environment.get_template("report.html.j2")
