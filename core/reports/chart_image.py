"""Rendering of the charts of a document with Vega, in a browser or to SVG and PNG without one."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from typing import Any, Generic, TypeVar

from core.errors import HomeError
from core.files import read_file, replacing
from core.home import Home
from core.reports.document import Figure

CHART_WIDTH_PIXELS = 640
_PROCESSES = 2  # that draw charts
_STARTED: list[subprocess.Popen[bytes]] = []
T = TypeVar("T")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DRAW = """
import base64, json, sys, vl_convert
vl_convert.vegalite_to_svg({"mark": "point", "data": {"values": []}}, allowed_base_urls=[])  # starts the engine
request = json.loads(sys.stdin.read() or '{"charts": []}')
for chart in request["charts"]:
    try:
        drawn = getattr(vl_convert, request["call"])(chart, allowed_base_urls=[], **request["settings"])
        drawn = drawn.encode() if isinstance(drawn, str) else drawn
        print(json.dumps({"drawn": base64.b64encode(drawn).decode()}), flush=True)
    except Exception as error:
        print(json.dumps({"problem": str(error)}), flush=True)
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


@dataclass(frozen=True)
class Drawn(Generic[T]):
    """Images by figure ID, and a sentence for each figure that could not be drawn."""

    images: dict[str, T]
    problems: dict[str, str]


def stretch(figure: Figure, width: int | None = None) -> dict[str, Any]:
    """Return the chart of a figure; its description is the sentence below the chart.

    A chart without a width gets `width` pixels, or the width of its container. Charts with several panels keep theirs.
    """
    chart = figure.chart or {}
    parts = {"hconcat", "vconcat", "concat", "facet", "repeat"}
    fixed = "width" in chart or parts & chart.keys() or {"row", "column", "facet"} & chart.get("encoding", {}).keys()
    own: dict[str, Any] = {} if fixed else {"width": width or "container"}
    text = {"description": figure.sentence} if figure.sentence else {}
    return {**chart, **own, **text, "config": merge(CONFIG, chart.get("config", {}))}


def merge(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Merge two nested dictionaries; values of `own` take precedence."""
    merged = dict(base)
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(base.get(name), dict)
        merged[name] = merge(base[name], value) if both else value
    return merged


def split_panels(figure: Figure) -> list[Figure]:
    """Return one figure per row of panels, so that a page can end between them; without panels, only the given one."""
    chart = figure.chart or {}
    panels, columns = chart.get("concat", []), chart.get("columns") or 1
    if len(panels) <= columns:
        return [figure]
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    return [
        figure.model_copy(update={"id": f"{figure.id}-{number}", "chart": {**chart, "concat": row}})
        for number, row in enumerate(rows)
    ]


@contextmanager
def starting_engines() -> Iterator[None]:
    """Start the drawing processes, which takes half a second, while the block builds what they will draw."""
    with ExitStack() as started:
        _STARTED.extend(started.enter_context(_start_engine()) for _ in range(_PROCESSES))
        try:
            yield
        finally:
            for process in _STARTED:
                process.communicate()  # without a request it ends
            _STARTED.clear()


def _start_engine() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-c", _DRAW]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def draw_svg(figures: Iterable[Figure]) -> Drawn[str]:
    """Draw the charts of figures as SVG, without a browser or network."""
    charts = {figure.id: stretch(figure, CHART_WIDTH_PIXELS) for figure in figures if figure.chart}
    drawn = _draw("vegalite_to_svg", charts)
    return Drawn({name: image.decode() for name, image in drawn.images.items()}, drawn.problems)


def draw_png(figures: Iterable[Figure], scale: float = 2.0) -> Drawn[bytes]:
    """Draw the charts of figures as PNG on a white background, scaled by `scale` (see `draw_svg`)."""
    white = {"background": "white"}
    charts = {figure.id: merge(stretch(figure, CHART_WIDTH_PIXELS), white) for figure in figures if figure.chart}
    return _draw("vegalite_to_png", charts, scale=scale)


def _draw(call: str, charts: dict[str, dict[str, Any]], **settings: Any) -> Drawn[bytes]:
    """Draw charts in two separate processes, each with half of the charts.

    The rendering engine draws one chart at a time, does not release its memory, and crashes on some charts.
    """
    names = [*charts]
    halves = [half for half in (names[::_PROCESSES], names[1::_PROCESSES]) if half]
    with ThreadPoolExecutor(_PROCESSES) as pool:
        parts = pool.map(lambda half: _run_engine(call, [charts[name] for name in half], settings), halves)
        answers = dict(zip((name for half in halves for name in half), chain.from_iterable(parts), strict=True))
    problems = {name: _describe(answer["problem"]) for name, answer in answers.items() if "problem" in answer}
    images = {name: base64.b64decode(answers[name]["drawn"]) for name in charts if name not in problems}
    return Drawn(images, problems)


def _describe(problem: str) -> str:
    lines = [line.strip() for line in problem.splitlines() if line.strip()] or ["unknown error"]
    return f"This chart cannot be drawn: {lines[0][:200].rstrip('.')}. Its values are in the JSON and CSV files."


def _run_engine(call: str, charts: list[dict[str, Any]], settings: dict[str, Any]) -> list[dict[str, str]]:
    """Return one answer per chart. After a crash, the engine starts again with the next chart."""
    answers: list[dict[str, str]] = []
    while len(answers) < len(charts):
        request = json.dumps({"call": call, "charts": _clean(charts[len(answers) :]), "settings": settings})
        with _take_engine() as process:
            drawn, _ = process.communicate(request.encode())
        answers += [json.loads(line) for line in drawn.splitlines()]
        if len(answers) < len(charts):
            answers.append({"problem": "the drawing process crashed"})
    return answers


def _take_engine() -> subprocess.Popen[bytes]:
    """Return a drawing process that was started before, otherwise a new one."""
    try:
        return _STARTED.pop()
    except IndexError:
        return _start_engine()


def _clean(value: Any) -> Any:
    """Replace characters that are invalid in XML. vl-convert crashes on them."""
    if isinstance(value, str):
        return _NOT_XML.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_clean(name): _clean(part) for name, part in value.items()}
    return [_clean(part) for part in value] if isinstance(value, list | tuple) else value


def load_vega(home: Home) -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script. Building it takes seconds, so it is cached in the home,
    after a line with its SHA-256."""
    path = home.scripts / f"vega-{version('vl-convert-python')}.txt"
    with suppress(OSError, ValueError):  # missing or damaged
        checksum, _, script = read_file(path).decode().partition("\n")
        if checksum == _compute_checksum(script):
            return script
    command = [sys.executable, "-I", "-c", _BUNDLE]  # a process, because the engine does not release its memory
    script = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
    try:
        with replacing(path) as temporary:
            temporary.write_text(f"{_compute_checksum(script)}\n{script}", encoding="utf-8", newline="\n")
    except HomeError:
        pass  # the home is read-only: the script is built again for the next report
    return script


def _compute_checksum(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
