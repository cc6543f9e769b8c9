"""Grid of test images; a click opens the details of one image in a dialog."""

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import pandas as pd
import streamlit as st

from core.displays.markdown import escape_markdown, write_code
from core.displays.number import format_share
from core.displays.palette import VariantStyle, compute_styles
from core.displays.views.activation import Activation
from core.displays.views.example import Example
from core.displays.views.feature_maps import FeatureMaps
from core.displays.views.gallery import Gallery
from core.ui import url
from core.ui.activation_map import show_activation
from core.ui.display import show_display
from core.ui.errors import callback
from core.ui.feature_maps import show_feature_maps

_CSS = """
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 12px; }
button { all: unset; box-sizing: border-box; cursor: pointer; padding: 10px; text-align: center;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  background: var(--st-background-color); color: var(--st-text-color); font: 13px/1.35 var(--st-font); }
button:hover, button:focus-visible { border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
img { width: 100%; max-width: 104px; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated;
  border-radius: 4px; background: #000; }
.label { font-weight: 650; margin: 4px 0 2px; overflow-wrap: anywhere; }
.file { font-size: 11px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.prediction { display: flex; gap: 5px; align-items: baseline; justify-content: space-between; }
.prediction span:nth-child(1) { flex: none; }
.prediction span:nth-child(2) { flex: 1; text-align: left; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.wrong span:nth-child(2) { text-decoration: line-through; opacity: .75; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-bottom: 10px; font: 13px var(--st-font);
  color: var(--st-text-color); }
.legend i { font-style: normal; margin-right: 6px; }
"""

_JS = """
export default function ({ data, setTriggerValue, parentElement }) {
  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const root = make("div");
  const legend = make("div", "legend");
  for (const { label, color, mark } of data.heads) {
    const item = make("span");
    const dot = make("i", "", mark);
    dot.style.color = color;
    item.append(dot, document.createTextNode(label));
    legend.append(item);
  }
  const grid = make("div", "grid");
  for (const cell of data.cells) {
    const button = make("button");
    button.type = "button";
    button.dataset.image = cell.image;
    const colon = cell.description.indexOf(": ");
    button.setAttribute("aria-label", cell.description.slice(0, colon));
    button.setAttribute("aria-description", cell.description.slice(colon + 2));
    const image = make("img");
    image.src = cell.url;
    image.alt = "";
    button.append(image, make("div", "label", cell.label));
    if (cell.file) {
      button.append(make("div", "file", cell.file));
      button.lastChild.title = cell.file;
    }
    for (const prediction of cell.predictions) {
      const line = make("div", prediction.correct ? "prediction" : "prediction wrong");
      const dot = make("span", "", prediction.mark);
      dot.style.color = prediction.color;
      const name = make("span", "", prediction.label);
      name.title = prediction.label;
      line.append(dot, name, make("span", "", prediction.prob), ...(prediction.correct ? [] : [make("span", "", "✗")]));
      button.append(line);
    }
    button.onclick = () => {
      returnFocus(cell.image);
      setTriggerValue("picked", cell.image);
    };
    grid.append(button);
  }
  root.append(legend, grid);
  const container = parentElement.querySelector(".container");
  const focused = container.querySelector("button:focus")?.dataset.image;
  container.replaceChildren(root);
  const focus = (image) => container.querySelector(`button[data-image="${image}"]`)?.focus();
  if (focused !== undefined) focus(focused);

  /* Focus the image again when its dialog has been opened and closed. */
  function returnFocus(image) {
    let opened = false;
    const observer = new MutationObserver(() => {
      if (document.querySelector('[role="dialog"]')) {
        opened = true;
      } else if (opened) {
        observer.disconnect();
        setTimeout(() => focus(image));
      }
    });
    observer.observe(document.body, { childList: true, subtree: true });
  }
}
"""

CLICK = "Click an image to see all class probabilities."

url.register("image")
_grid = st.components.v2.component("headroom_gallery", html='<div class="container"></div>', css=_CSS, js=_JS)


def show_image_grid(
    gallery: Gallery, frame: pd.DataFrame, *, key: str, linked: bool = True, neighbors: Sequence[int] | None = None
) -> None:
    """Show the images of a gallery frame; a click, or with `linked` the URL, opens one.

    Args:
        neighbors: images that the dialog goes through; by default those of the frame.

    Raises:
        DatasetError: when the images are not available.
    """
    versions = [(run.run_id, run.record.checksums.get("predictions.npz")) for run in gallery.comparison.runs]
    settings = {f.name: str(getattr(gallery, f.name)) for f in fields(gallery) if f.name != "comparison"}
    cells = _build_cells(versions, settings, gallery, frame)
    styles = compute_styles(gallery.comparison)
    heads = [{"label": label, "color": style.color, "mark": style.mark} for label, style in styles.items()]
    picked = draw_image_grid(heads, cells, key=key)
    if picked is not None:
        st.query_params["image"] = str(picked)
    selected = st.query_params.get("image")
    if selected is not None and (picked is not None or linked):
        _open(gallery, selected, [*dict.fromkeys(frame["image"])] if neighbors is None else neighbors)


def draw_image_grid(heads: list[dict[str, str]], cells: list[dict[str, Any]], *, key: str) -> int | None:
    """Draw the grid and return the index of the image that was just clicked, if any."""
    result = _grid(data={"heads": heads, "cells": cells}, key=key, on_picked_change=lambda: None)
    return None if result.picked is None else int(result.picked)


@st.cache_data(show_spinner=False, max_entries=64)
def _build_cells(
    versions: list[tuple[str, str | None]], settings: dict[str, str], _gallery: Gallery, _frame: pd.DataFrame
) -> list[dict[str, Any]]:
    """Build the cells, cached for the same predictions and settings because encoding images is slow."""
    styles = compute_styles(_gallery.comparison)
    images = [int(image) for image in dict.fromkeys(_frame["image"])]
    return [
        _cell(_gallery, image, url, _frame[_frame["image"] == image], styles)
        for image, url in zip(images, _gallery.thumbnails(images), strict=True)
    ]


def _cell(
    gallery: Gallery, image: int, url: str, rows: pd.DataFrame, styles: dict[str, VariantStyle]
) -> dict[str, Any]:
    predictions, described = [], []
    for row in rows.to_dict("records"):
        label, prob = gallery.write_predicted(row)
        correct = bool(row["correct"]) or gallery.positive is not None  # only predicted classes are struck through
        style = styles[row["head"]]
        predictions.append({"label": label, "prob": prob, "correct": correct, "color": style.color, "mark": style.mark})
        described.append(f"{row['head']} predicts {row['predicted']} {_percent(row['prob'])}".rstrip())
    label = str(rows["label"].iloc[0])
    file = str(rows["file"].iloc[0]) if "file" in rows else ""
    return {
        "image": image,
        "url": url,
        "label": label,
        "file": file,
        "predictions": predictions,
        "description": f"Test image {image}, {label}: {'; '.join(described)}{file and f'; file {file}'}",
    }


def _percent(prob: float) -> str:
    return f"{prob:.0%}" if math.isfinite(prob) else ""


@callback
def _close() -> None:
    st.query_params.pop("image", None)


def _open(gallery: Gallery, text: str, neighbors: Sequence[int]) -> None:
    count = gallery.comparison.first.record.data.test_images
    if not text.isdecimal() or int(text) >= count:
        url.reject("image", f"Expected image between 0 and {count - 1}; got {text[:40]!r}.")
    _show_example(gallery, int(text), neighbors)


@st.dialog("Class probabilities for one image", width="medium", on_dismiss=_close)
def _show_example(gallery: Gallery, first: int, neighbors: Sequence[int]) -> None:
    image = int(st.query_params.get("image", first))  # the buttons rerun only this dialog
    _show_neighbors(image, neighbors)
    example = Example(gallery.comparison, image, gallery.seed)
    true_class = example.frame().query("correct")
    left, right = st.columns([1, 2])
    with left:
        st.image(gallery.thumbnails([image])[0], width=160, alt=f"Test image {image}")
        st.caption(f"Test image {image}, true class **{escape_markdown(true_class['label'].iloc[0])}**")
        if gallery.files is not None:
            st.caption(f"File {write_code(gallery.files[image])}")
        st.caption("Probability of this class")
        for row in true_class.to_dict("records"):
            st.markdown(f"{escape_markdown(row['head'])}: **{format_share(row['prob'])}**")
    with right:
        show_display(example, title="", table=False)
    show_activation(Activation(gallery.comparison, gallery.home, (image,), seed=gallery.seed))
    show_feature_maps(FeatureMaps(gallery.comparison, gallery.home, image, gallery.seed))


def _show_neighbors(image: int, neighbors: Sequence[int]) -> None:
    """Show the buttons for the previous and the next image, which the arrow keys press."""
    if image not in neighbors or len(neighbors) < 2:
        return
    index = neighbors.index(image)
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, key, step in (("Previous", "Left", -1), ("Next", "Right", 1)):
            other = neighbors[index + step] if 0 <= index + step < len(neighbors) else None
            st.button(
                label, key=f"image-{label}", shortcut=key, disabled=other is None, on_click=_go_to, args=(other,)
            )  # fmt: skip
            if step < 0:
                st.caption(f"Image {index + 1:,} of {len(neighbors):,}", width="content")


@callback
def _go_to(image: int) -> None:
    st.query_params["image"] = str(image)
