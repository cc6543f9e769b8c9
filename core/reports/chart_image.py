"""Charts of a document outside a page: as wide as there is room, drawn by Vega in a browser or without one."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

from core.errors import HomeError, ReportError
from core.files import replacing
from core.home import Home
from core.reports.document import Figure

PLAIN_PIXELS = 640
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DRAW = """
import base64, json, sys, vl_convert
asked = json.load(sys.stdin)
for chart in asked["charts"]:
    drawn = getattr(vl_convert, asked["call"])(chart, allowed_base_urls=[], **asked["settings"])
    print(base64.b64encode(drawn.encode() if isinstance(drawn, str) else drawn).decode(), flush=True)
"""
_BUNDLE = """
import sys, vl_convert
sys.stdout.buffer.write(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").encode())
"""
_FONT = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"

CONFIG: dict[str, Any] = {
    "font": _FONT,
    "background": None,
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 500, "labelLimit": 200},
    "legend": {"labelFontSize": 12, "titleFontSize": 12},
    "header": {"labelFontSize": 12, "titleFontSize": 12},
    "title": {"fontSize": 13},
    "view": {"strokeOpacity": 0},
    "range": {"category": ["#0a84c6", "#dd6a12", "#0a9e74", "#c774a8", "#d9a003", "#7a6fd0"]},
}


def stretch(chart: dict[str, Any], width: int | None = None) -> dict[str, Any]:
    """The chart as wide as what holds it, or as `width` pixels, where it has no width of its own. One of several
    panels keeps its widths."""
    parts = {"hconcat", "vconcat", "concat", "facet", "repeat"}
    fixed = "width" in chart or parts & chart.keys() or {"row", "column", "facet"} & chart.get("encoding", {}).keys()
    own: dict[str, Any] = {} if fixed else {"width": width or "container"}
    return {**chart, **own, "config": merge(CONFIG, chart.get("config", {}))}


def merge(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """What both say, member by member; `own` wins."""
    merged = dict(base)
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(base.get(name), dict)
        merged[name] = merge(base[name], value) if both else value
    return merged


def draw_svg(figures: Iterable[Figure]) -> dict[str, str]:
    """The charts of some figures as SVG, by the id of the figure; without a browser and without a network.

    Raises:
        ReportError: when one cannot be drawn.
    """
    charts = {figure.id: stretch(figure.chart, PLAIN_PIXELS) for figure in figures if figure.chart}
    return {name: drawn.decode() for name, drawn in _draw("vegalite_to_svg", charts).items()}


def draw_png(figures: Iterable[Figure], scale: float = 2.0) -> dict[str, bytes]:
    """As `draw_svg`, but PNG at `scale` times the size in pixels, on white."""
    white = {"background": "white"}
    charts = {figure.id: merge(stretch(figure.chart, PLAIN_PIXELS), white) for figure in figures if figure.chart}
    return _draw("vegalite_to_png", charts, scale=scale)


def _draw(call: str, charts: dict[str, dict[str, Any]], **settings: Any) -> dict[str, bytes]:
    """In processes of their own, since the engine would stay in the memory of a dashboard, and ends its process over
    some charts. Two of them, each with every other chart: it draws one at a time."""
    names = [*charts]
    halves = [half for half in (names[::2], names[1::2]) if half]
    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(lambda half: _ask(call, [charts[name] for name in half], settings), halves)
        return {
            name: drawn
            for half, part in zip(halves, parts, strict=True)
            for name, drawn in zip(half, part, strict=True)
        }


def _ask(call: str, charts: list[dict[str, Any]], settings: dict[str, Any]) -> list[bytes]:
    asked = json.dumps({"call": call, "charts": _clean(charts), "settings": settings})
    done = subprocess.run([sys.executable, "-I", "-c", _DRAW], input=asked.encode(), capture_output=True, check=False)
    drawn = [base64.b64decode(line) for line in done.stdout.splitlines()]
    if done.returncode or len(drawn) < len(charts):
        said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        raise ReportError(f"Expected a chart that Vega can draw; got: {(said or ['no answer'])[-1][:200]}.")
    return drawn


def _clean(value: Any) -> Any:
    """Without characters that XML has no place for: vl-convert ends the whole process over a single one."""
    if isinstance(value, str):
        return _NOT_XML.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_clean(name): _clean(part) for name, part in value.items()}
    return [_clean(part) for part in value] if isinstance(value, list | tuple) else value


def load_vega(home: Home) -> str:
    """Vega, Vega-Lite and Vega-Embed as one script. It takes seconds to put together, so the home keeps it."""
    path = home.scripts / f"vega-{version('vl-convert-python')}.js"
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # in a process of its own: the engine that makes it would stay in the dashboard's memory
        command = [sys.executable, "-I", "-c", _BUNDLE]
        script = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
    try:
        with replacing(path) as temporary:
            temporary.write_text(script, encoding="utf-8")
    except HomeError:
        pass  # a home that can only be read: the next report takes as long
    return script
