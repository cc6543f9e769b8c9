"""Row of drawings with captions, and operator signs between them."""

from collections.abc import Iterable
from html import escape


def join_drawings(drawings: Iterable[tuple[str, str] | str]) -> str:
    """Return the HTML of (caption, SVG) pairs and the signs between them, such as "=". The row may wrap."""
    drawings = list(drawings)
    level = "" if any(isinstance(drawing, str) for drawing in drawings) else " level"
    return f'<div class="row{level}">{"".join(map(_write, drawings))}</div>'


def _write(drawing: tuple[str, str] | str) -> str:
    if isinstance(drawing, str):
        return f'<span class="sign" aria-hidden="true">{escape(drawing)}</span>'
    caption, svg = drawing
    return f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"
