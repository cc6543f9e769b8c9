"""Drawings in a row with what each is written above, and a sign between them."""

from collections.abc import Iterable
from html import escape


def join_drawings(figures: Iterable[tuple[str, str] | str]) -> str:
    """HTML of (caption, SVG) pairs and the signs between them, such as «=». The page's style lets the row wrap."""
    figures = list(figures)
    level = "" if any(isinstance(figure, str) for figure in figures) else " level"
    return f'<div class="row{level}">{"".join(map(_write, figures))}</div>'


def _write(figure: tuple[str, str] | str) -> str:
    if isinstance(figure, str):
        return f'<span class="sign" aria-hidden="true">{escape(figure)}</span>'
    caption, svg = figure
    return f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"
