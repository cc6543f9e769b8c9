"""Drawing canvas for touch, pen and mouse: white strokes on black, as in MNIST."""

import base64
import binascii
from pathlib import Path

import streamlit as st

from core import displays
from core.errors import DatasetError

_PREFIX = "data:image/png;base64,"

_CSS = """
.board { max-width: 300px; font: 14px var(--st-font); color: var(--st-text-color); }
canvas { display: block; width: 100%; aspect-ratio: 1; background: #000; cursor: crosshair; touch-action: none;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); box-sizing: border-box; }
.buttons { display: flex; gap: 8px; margin-top: 8px; }
button { font: inherit; padding: 6px 14px; cursor: pointer; color: var(--st-text-color);
  background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); }
button:hover, button:focus-visible { border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
"""

_JS = (
    (Path(displays.__file__).parent / "drawing_canvas.js").read_text(encoding="utf-8")
    + """
export default function ({ data, setStateValue, parentElement }) {
  const container = parentElement.querySelector(".board");
  if (container.firstChild) return;  // keep the canvas when the page reruns
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", data.label);
  const send = (drawn) => setStateValue("drawing", drawn ? drawn.toDataURL("image/png") : "");
  const { undo, clear } = openDrawingCanvas(canvas, send);
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  for (const [name, onClick] of [["Undo", undo], ["Clear", clear]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.onclick = onClick;
    buttons.append(button);
  }
  container.append(canvas, buttons);
}
"""
)

_canvas = st.components.v2.component("headroom_canvas", html='<div class="board"></div>', css=_CSS, js=_JS)


def draw_canvas(*, key: str, label: str) -> bytes | None:
    """Show the canvas and return its PNG, updated after each stroke; None while it is empty.

    Raises:
        DatasetError: when the browser sends invalid data.
    """
    data_url = _canvas(data={"label": label}, default={"drawing": ""}, key=key, on_drawing_change=lambda: None).drawing
    return read_drawing(data_url) if data_url else None


def read_drawing(data_url: object) -> bytes:
    """Decode the data URL of a PNG.

    >>> read_drawing("data:image/png;base64,iVBORw0KGgo=")[:4]
    b'\\x89PNG'
    """
    try:
        if not isinstance(data_url, str) or not data_url.startswith(_PREFIX):
            raise ValueError
        return base64.b64decode(data_url.removeprefix(_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        raise DatasetError(f"Expected the drawing as a PNG data URL; got {str(data_url)[:40]!r}.") from None
