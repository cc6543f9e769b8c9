"""A square to draw in with a finger, a pen or the mouse: white on black, as data of drawn things is."""

import base64
import binascii

import streamlit as st

from core.errors import DatasetError

_SIDE, _PEN = 280, 22  # pixels of the picture that is sent, and of the pen in it
_BEGIN = "data:image/png;base64,"

_CSS = """
.board { max-width: 300px; font: 14px var(--st-font); color: var(--st-text-color); }
canvas { display: block; width: 100%; aspect-ratio: 1; background: #000; cursor: crosshair; touch-action: none;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); box-sizing: border-box; }
.tools { display: flex; gap: 8px; margin-top: 8px; }
button { font: inherit; padding: 6px 14px; cursor: pointer; color: var(--st-text-color);
  background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); }
button:hover, button:focus-visible { border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
"""

_JS = """
export default function ({ data, setStateValue, parentElement }) {
  const place = parentElement.querySelector(".board");
  if (place.firstChild) return;  // drawn already; a rerun of the page leaves it alone
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = data.side;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", data.label);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const strokes = [];
  let stroke = null;
  const draw = () => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, data.side, data.side);
    pen.strokeStyle = "#fff";
    pen.lineWidth = data.pen;
    pen.lineCap = pen.lineJoin = "round";
    for (const points of strokes) {
      pen.beginPath();
      pen.moveTo(...points[0]);
      for (const point of points) pen.lineTo(...point);
      pen.stroke();
    }
  };
  const tell = () => setStateValue("drawing", strokes.length ? canvas.toDataURL("image/png") : "");
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * data.side / box.width, (event.clientY - box.top) * data.side / box.height];
  };
  canvas.onpointerdown = (event) => {
    if (stroke || event.button > 0) return;  // one finger at a time
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    stroke = { pointer: event.pointerId, points: [at(event)] };
    strokes.push(stroke.points);
    draw();
  };
  canvas.onpointermove = (event) => {
    if (!stroke || event.pointerId !== stroke.pointer) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(at(each));
    draw();
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!stroke || event.pointerId !== stroke.pointer) return;
    stroke = null;
    tell();
  };
  const tools = document.createElement("div");
  tools.className = "tools";
  const offer = (name, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.onclick = () => { act(); draw(); tell(); };
    tools.append(button);
  };
  offer("Undo", () => strokes.pop());
  offer("Clear", () => strokes.splice(0));
  draw();
  place.append(canvas, tools);
}
"""

_canvas = st.components.v2.component("headroom_canvas", html='<div class="board"></div>', css=_CSS, js=_JS)


def draw_canvas(*, key: str, label: str) -> bytes | None:
    """The PNG of what is drawn, told anew after each stroke; None while there is none.

    Raises:
        DatasetError: when the browser sends something else.
    """
    settings = {"side": _SIDE, "pen": _PEN, "label": label}
    told = _canvas(data=settings, default={"drawing": ""}, key=key, on_drawing_change=lambda: None).drawing
    return read_drawing(told) if told else None


def read_drawing(told: object) -> bytes:
    """
    >>> read_drawing("data:image/png;base64,iVBORw0KGgo=")[:4]
    b'\\x89PNG'
    """
    try:
        if not isinstance(told, str) or not told.startswith(_BEGIN):
            raise ValueError
        return base64.b64decode(told.removeprefix(_BEGIN), validate=True)
    except (ValueError, binascii.Error):
        raise DatasetError(f"Expected a drawing as a PNG; got {str(told)[:40]!r}.") from None
