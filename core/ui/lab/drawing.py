"""Puts the lab's drawings on the page. Streamlit's own HTML element takes SVG out."""

from collections.abc import Iterable

import streamlit as st

from core.displays.lab.drawing_row import join_drawings

_CSS = """
.place { color: var(--st-text-color); font: 14px/1.4 var(--st-font); }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: 14px 18px; margin: 4px 0 8px; }
figure { margin: 0; max-width: 100%; }
figcaption { contain: inline-size; min-width: 110px; font-size: 14px; margin: 0 0 6px; opacity: .85;
  overflow-wrap: anywhere; }
.level { align-items: flex-end; }
.sign { font-size: 26px; opacity: .7; }
svg { height: auto; display: block; }
"""
_JS = """
export default function ({ data, parentElement }) {
  parentElement.querySelector(".place").innerHTML = data;
}
"""

_place = st.components.v2.component("headroom_drawing", html='<div class="place"></div>', css=_CSS, js=_JS)


def show_drawing(key: str, svg: str) -> None:
    """`key` is one of a page's own: with it, a new drawing takes the place of the old one without a flicker."""
    _place(data=svg, key=f"drawing-{key}")


def show_drawings(key: str, figures: Iterable[tuple[str, str] | str]) -> None:
    """Drawings in a row: (caption, SVG) pairs, and the signs between them; `key` as above."""
    _place(data=join_drawings(figures), key=f"drawing-{key}")
