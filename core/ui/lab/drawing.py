"""SVG drawings on a page. Streamlit's HTML element removes SVG, so this module uses a custom component."""

from collections.abc import Iterable

import streamlit as st

from core.displays.lab.drawing_row import join_drawings

_CSS = """
.container { color: var(--st-text-color); font: 14px/1.4 var(--st-font); }
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
  parentElement.querySelector(".container").innerHTML = data;
}
"""

_container = st.components.v2.component("headroom_drawing", html='<div class="container"></div>', css=_CSS, js=_JS)


def show_drawing(key: str, svg: str) -> None:
    """Show an SVG drawing. With the same `key`, a new drawing replaces the old one without flicker."""
    _container(data=svg, key=f"drawing-{key}")


def show_drawings(key: str, drawings: Iterable[tuple[str, str] | str]) -> None:
    """Show a row of drawings: (caption, SVG) pairs with signs between them."""
    _container(data=join_drawings(drawings), key=f"drawing-{key}")
