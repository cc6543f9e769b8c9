"""Charts of a document outside a page: as wide as there is room, drawn by Vega in a browser or without one."""

import re
import subprocess
import sys
from importlib.metadata import version
from typing import Any

from core.errors import HomeError, ReportError
from core.files import replacing
from core.home import Home

PLAIN_PIXELS = 640
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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


def write_svg(chart: dict[str, Any]) -> str:
    """The chart as SVG, without a browser and without a network.

    Raises:
        ReportError: when it cannot be drawn.
    """
    import vl_convert

    try:
        return vl_convert.vegalite_to_svg(_clean(stretch(chart, PLAIN_PIXELS)), allowed_base_urls=[])
    except ValueError as error:
        raise _refuse(error) from error


def write_png(chart: dict[str, Any], scale: float = 2.0) -> bytes:
    """The chart as PNG at `scale` times its size in pixels, on white.

    Raises:
        ReportError: when it cannot be drawn.
    """
    import vl_convert

    shown = _clean(merge(stretch(chart, PLAIN_PIXELS), {"background": "white"}))
    try:
        return vl_convert.vegalite_to_png(shown, scale=scale, allowed_base_urls=[])
    except ValueError as error:
        raise _refuse(error) from error


def _clean(value: Any) -> Any:
    """Without characters that XML has no place for: vl-convert ends the whole process over a single one."""
    if isinstance(value, str):
        return _NOT_XML.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_clean(name): _clean(part) for name, part in value.items()}
    return [_clean(part) for part in value] if isinstance(value, list | tuple) else value


def _refuse(error: ValueError) -> ReportError:
    first = next(iter(str(error).splitlines()), "")
    return ReportError(f"Expected a chart that Vega can draw; got: {first[:200]}.")


def load_vega(home: Home) -> str:
    """Vega, Vega-Lite and Vega-Embed as one script. It takes seconds to put together, so the home keeps it."""
    path = home.scripts / f"vega-{version('vl-convert-python')}.js"
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # in a process of its own: the engine that makes it would stay in the dashboard's memory
        command = [sys.executable, "-c", _BUNDLE]
        script = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
    try:
        with replacing(path) as temporary:
            temporary.write_text(script, encoding="utf-8")
    except HomeError:
        pass  # a home that can only be read: the next report takes as long
    return script
