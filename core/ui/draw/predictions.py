"""Live predictions of all heads for a drawing, an image file or a photo."""

import numpy as np
import streamlit as st

from core.analysis.activation import prepare_picture
from core.analysis.live_model import LiveModel
from core.analysis.prediction import select_seed_runs
from core.augment.fit import FITS
from core.displays.activation_overlay import Cell, build_group, set_opacity
from core.displays.markdown import escape_markdown
from core.displays.palette import colors
from core.displays.prediction_card import build_cards, collect_predictions, write_cards
from core.displays.views.feature_maps import write_missing_model
from core.home import hide_paths
from core.image_file import Pixels
from core.image_format import FORMAT_NAMES
from core.spec import DATASETS
from core.store.comparison import Comparison
from core.store.run import Run
from core.ui import url, widget
from core.ui.activation_map import show_explanation
from core.ui.draw.canvas import draw_canvas
from core.ui.errors import handle_errors
from core.ui.feature_maps import show_drawn_feature_maps

url.register("drawn_from", "drawn_class", "drawn_class_index", "drawn_opacity", "drawn_seed")

_DRAW, _FILE, _CAMERA = "draw", "file", "camera"


@st.fragment
def show_draw(comparison: Comparison) -> None:
    """Show the input on the left and the predictions on the right; a stroke reruns only this fragment."""
    with handle_errors():
        _show_input_and_predictions(comparison)


def _show_input_and_predictions(comparison: Comparison) -> None:
    run = comparison.first
    drawing = DATASETS[run.spec.dataset].drawing
    seeds = sorted({run.spec.seed for run in comparison.runs})
    left, right = st.columns([2, 5], gap="large")
    with left:
        source = widget.segmented("Input", [_DRAW, _FILE, _CAMERA] if drawing else [_FILE, _CAMERA], key="drawn_from")
        seed = widget.selectbox("Seed", seeds, key="drawn_seed", width=140)
        data = _read_input(source)
    with right:
        models = _open_all(comparison, seed)
        if data is None or not models:
            if models:
                st.info("Draw or upload an image to see predictions.", icon=":material/draw:")
            return
        _show_predictions(comparison, models, seed, prepare_picture(data, run))


def _read_input(source: str) -> bytes | None:
    """Show the input widget and return the bytes of an image file, if any."""
    if source == _DRAW:
        return draw_canvas(
            key="canvas", label="Drawing canvas for touch, pen or mouse. Alternatively, choose file as input."
        )
    if source == _CAMERA:
        photo = st.camera_input("Photo", key="photo")
    else:
        photo = st.file_uploader("Image file", key="drawn-file", max_upload_size=30, help=f"{FORMAT_NAMES}.")
    st.caption("The image is processed on this machine and is not stored.")
    return None if photo is None else photo.getvalue()


def _open_all(comparison: Comparison, seed: int) -> dict[str, LiveModel]:
    """Return one model per head; show a message for each head without a model file."""
    models = {}
    for head, run in select_seed_runs(comparison, seed).items():
        if run.has("model.tflite"):
            models[head] = _open(run.run_id, run.record.checksums.get("model.tflite"), run)
            continue
        reason = f"{head} is unavailable: {write_missing_model(comparison, run)}"
        st.info(escape_markdown(reason), icon=":material/visibility_off:")
    return models


@st.cache_resource(show_spinner=False, max_entries=16)
def _open(run_id: str, checksum: str | None, _run: Run) -> LiveModel:
    """Open a model, cached for all sessions; it predicts for one session at a time."""
    return LiveModel(_run)


def _show_predictions(comparison: Comparison, models: dict[str, LiveModel], seed: int, image: Pixels) -> None:
    run, palette = comparison.first, colors(comparison)
    classes = run.record.data.classes
    summary, filters, results = st.empty(), st.container(horizontal=True, vertical_alignment="bottom"), st.container()
    with filters:
        explained = widget.optional(
            "Class to explain", range(len(classes)), key="drawn_class_index", former="drawn_class",
            format_func=classes.__getitem__, none="predicted class", width=200,
        )  # fmt: skip
        percent = widget.slider("Map opacity (%)", 0, 100, 70, 5, key="drawn_opacity", width=220)
    predictions = {head: model.predict(image[np.newaxis]) for head, model in models.items()}
    cards = [
        collect_predictions(head, palette[head], prediction, explained, exact=models[head].exact)
        for head, prediction in predictions.items()
    ]
    summary.markdown(f"**{escape_markdown(write_cards(cards, classes))}**")
    with results:
        st.html(set_opacity(build_cards(image, cards, classes), percent / 100))
        for head, model in models.items():
            if model.unavailable_reason:
                st.caption(escape_markdown(hide_paths(f"{head}: {model.unavailable_reason}")))
        show_explanation({head: model.exact for head, model in models.items() if not model.unavailable_reason})
        left, right = st.columns([1, 4], vertical_alignment="center")
        left.html(build_group([Cell(image, "model input")], frame=False))
        right.caption(escape_markdown(_describe(run, image)))
        runs = {head: run for head, run in select_seed_runs(comparison, seed).items() if head in models}
        show_drawn_feature_maps(runs, image, palette)


def _describe(run: Run, image: Pixels) -> str:
    dataset = DATASETS[run.spec.dataset]
    size = f"{image.shape[1]}×{image.shape[0]} pixels"
    if dataset.drawing is None:
        found = run.record.data
        scaled = (
            ""
            if found.value_range is None
            else (
                f" Values of more than 8 bits are scaled as in training: {found.value_range[0]:g} is black, "
                f"{found.value_range[1]:g} is white."
            )
        )
        return f"Model input: {FITS[found.fit]}, at {size}.{scaled}"
    return (
        f"Model input: {size}, white on black, {dataset.drawing.description}, like the images of {dataset.label}. "
        "Accuracy can be lower than on the test set, because the models were not trained on your drawings."
    )
