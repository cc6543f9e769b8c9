"""Drawings of charts, and the script that draws them in a browser: made once, whatever home and test needs them."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from core.reports import chart_image

_KEEP = """
import os, sys, tempfile
from pathlib import Path
path = Path({path!r})
if not path.exists():
    import vl_convert
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    os.replace(file.name, path)
sys.stdout.buffer.write(path.read_bytes())
"""
_run_engine = chart_image._run_engine
_drawn: dict[str, dict[str, str]] = {}


def _draw(call: str, charts: list[dict[str, Any]], settings: dict[str, Any]) -> list[dict[str, str]]:
    by_key = {json.dumps([chart_image._DRAW, call, chart, settings]): chart for chart in charts}
    new = {key: chart for key, chart in by_key.items() if key not in _drawn}
    _drawn.update(zip(new, _run_engine(call, [*new.values()], settings), strict=True))
    return [_drawn[json.dumps([chart_image._DRAW, call, chart, settings])] for chart in charts]


def keep_drawings(folder: Path) -> None:
    """Keep the drawings of this process in memory, and the script in a folder that all test processes share."""
    patch.multiple(chart_image, _run_engine=_draw, _BUNDLE=_KEEP.format(path=str(folder / "vega.js"))).start()
