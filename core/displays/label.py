"""Labels of axes and legends that fit: wrapped, and if necessary shortened in the middle.

The data keep the full names, which tooltips and tables show.
"""

import json
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

_LETTER_PIXELS = 7
_TITLE_CHARS = 30
PHONE_CHARS = 44
"""Characters of a bold text that fit a chart on a phone."""


def shorten(text: str, chars: int) -> str:
    """Replace the middle of a text that is longer than `chars` by an ellipsis.

    >>> shorten("GAP · 8 filters · dropout 0.5", 15)
    'GAP · 8… ut 0.5'
    """
    if len(text) <= chars:
        return text
    end = (chars - 2) // 2
    return f"{text[: chars - 2 - end].rstrip()}… {text[len(text) - end :].lstrip()}"


def wrap_label(text: str, chars: int, lines: int = 3) -> list[str]:
    """Return at most `lines` lines of at most `chars` characters."""
    fitted = next(
        found for size in range(chars * lines, 0, -1) if len(found := wrap(shorten(text, size), chars)) <= lines
    )
    return fitted or [""]


def fit_labels(labels: Sequence[str], chars: int, *, lines: int = 3) -> dict[str, Any]:
    """Return the properties of an axis or a legend that show labels without cutting them off at the end."""
    long = {label: wrap_label(label, chars, lines) for label in labels if len(label) > chars}
    properties: dict[str, Any] = {"labelLimit": (chars + 4) * _LETTER_PIXELS}
    if long:
        properties["labelExpr"] = f"{json.dumps(long, ensure_ascii=False)}[datum.value] || datum.label"
    return properties


def wrap_axis_titles(spec: Any) -> Any:
    """Return a chart specification with long titles of horizontal axes in several lines, as they fit on a phone next to
    the names of heads.

    >>> wrap_axis_titles({"encoding": {"x": {"title": "Accuracy difference (percentage points)"}}})
    {'encoding': {'x': {'title': ['Accuracy difference', '(percentage points)']}}}
    """
    if isinstance(spec, list):
        return [wrap_axis_titles(part) for part in spec]
    if not isinstance(spec, dict):
        return spec
    parts = {name: part if name == "datasets" else wrap_axis_titles(part) for name, part in spec.items()}
    x = parts.get("encoding", {}).get("x")
    if isinstance(x, dict) and isinstance(x.get("title"), str) and len(x["title"]) > _TITLE_CHARS:
        parts["encoding"] = {**parts["encoding"], "x": {**x, "title": wrap(x["title"], _TITLE_CHARS)}}
    return parts
