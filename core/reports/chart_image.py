"""Rendering of the charts of a document with Vega, in a browser or to SVG and PNG without one."""

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

CHART_WIDTH_PIXELS = 640
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DRAW = """
import base64, json, sys, vl_convert
request = json.load(sys.stdin)
for chart in request["charts"]:
    drawn = getattr(vl_convert, request["call"])(chart, allowed_base_urls=[], **request["settings"])
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
    """Set the width of a chart without a width to `width` pixels, or to the width of its container. Charts with several
    panels are unchanged."""
    parts = {"hconcat", "vconcat", "concat", "facet", "repeat"}
    fixed = "width" in chart or parts & chart.keys() or {"row", "column", "facet"} & chart.get("encoding", {}).keys()
    own: dict[str, Any] = {} if fixed else {"width": width or "container"}
    return {**chart, **own, "config": merge(CONFIG, chart.get("config", {}))}


def merge(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Merge two nested dictionaries; values of `own` take precedence."""
    merged = dict(base)
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(base.get(name), dict)
        merged[name] = merge(base[name], value) if both else value
    return merged


def draw_svg(figures: Iterable[Figure]) -> dict[str, str]:
    """Draw the charts of figures as SVG, without a browser or network. Return them by figure ID.

    Raises:
        ReportError: when a chart cannot be drawn.
    """
    charts = {figure.id: stretch(figure.chart, CHART_WIDTH_PIXELS) for figure in figures if figure.chart}
    return {name: drawn.decode() for name, drawn in _draw("vegalite_to_svg", charts).items()}


def draw_png(figures: Iterable[Figure], scale: float = 2.0) -> dict[str, bytes]:
    """Draw the charts of figures as PNG on a white background, scaled by `scale` (see `draw_svg`)."""
    white = {"background": "white"}
    charts = {figure.id: merge(stretch(figure.chart, CHART_WIDTH_PIXELS), white) for figure in figures if figure.chart}
    return _draw("vegalite_to_png", charts, scale=scale)


def _draw(call: str, charts: dict[str, dict[str, Any]], **settings: Any) -> dict[str, bytes]:
    """Draw charts in two separate processes, each with half of the charts.

    The rendering engine draws one chart at a time, does not release its memory, and crashes on some charts.
    """
    names = [*charts]
    halves = [half for half in (names[::2], names[1::2]) if half]
    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(lambda half: _run_engine(call, [charts[name] for name in half], settings), halves)
        return {
            name: drawn
            for half, part in zip(halves, parts, strict=True)
            for name, drawn in zip(half, part, strict=True)
        }


def _run_engine(call: str, charts: list[dict[str, Any]], settings: dict[str, Any]) -> list[bytes]:
    request = json.dumps({"call": call, "charts": _clean(charts), "settings": settings})
    done = subprocess.run([sys.executable, "-I", "-c", _DRAW], input=request.encode(), capture_output=True, check=False)
    drawn = [base64.b64decode(line) for line in done.stdout.splitlines()]
    if done.returncode or len(drawn) < len(charts):
        errors = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        raise ReportError(f"A chart cannot be drawn: {(errors or ['the process crashed'])[-1][:200]}.")
    return drawn


def _clean(value: Any) -> Any:
    """Replace characters that are invalid in XML. vl-convert crashes on them."""
    if isinstance(value, str):
        return _NOT_XML.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_clean(name): _clean(part) for name, part in value.items()}
    return [_clean(part) for part in value] if isinstance(value, list | tuple) else value


def load_vega(home: Home) -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script. Building it takes seconds, so it is cached in the home."""
    path = home.scripts / f"vega-{version('vl-convert-python')}.js"
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # in a separate process, because the engine does not release its memory
        command = [sys.executable, "-I", "-c", _BUNDLE]
        script = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
    try:
        with replacing(path) as temporary:
            temporary.write_text(script, encoding="utf-8")
    except HomeError:
        pass  # the home is read-only: the script is built again for the next report
    return script
