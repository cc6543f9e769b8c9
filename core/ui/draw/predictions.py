"""Draw your own: every head of the comparison answers to a drawing, a file or a photo at once."""

import numpy as np
import streamlit as st

from core.analysis.activation import prepare_picture
from core.analysis.live_model import LiveModel
from core.analysis.prediction import select_seed_runs
from core.displays.activation_overlay import Cell, build_group, set_opacity
from core.displays.markdown import escape_markdown
from core.displays.palette import colors
from core.displays.prediction_card import build_cards, collect_predictions, write_cards
from core.image_file import Pixels
from core.spec import DATASETS
from core.store.comparison import Comparison
from core.store.run import Run
from core.ui import url, widget
from core.ui.activation_map import show_explanation
from core.ui.draw.canvas import draw_canvas
from core.ui.errors import handle_errors

url.register("drawn_from", "drawn_for", "drawn_opacity", "drawn_seed")

_DRAW, _FILE, _CAMERA = "draw", "file", "camera"


@st.fragment
def show_draw(comparison: Comparison) -> None:
    """The input on the left, the answers on the right; a stroke reruns no more than this."""
    with handle_errors():
        _show(comparison)


def _show(comparison: Comparison) -> None:
    run = comparison.first
    drawing = DATASETS[run.spec.dataset].drawing
    seeds = sorted({run.spec.seed for run in comparison.runs})
    left, right = st.columns([2, 5], gap="large")
    with left:
        source = widget.segmented("From", [_DRAW, _FILE, _CAMERA] if drawing else [_FILE, _CAMERA], key="drawn_from")
        seed = widget.selectbox("Models of seed", seeds, key="drawn_seed", width=140)
        data = _ask(source)
    with right:
        models = _open_all(comparison, seed)
        if data is None or not models:
            if models:
                st.info("Nothing is there yet: the heads answer as soon as something is.", icon=":material/draw:")
            return
        seen = prepare_picture(data, run)
        _answer(comparison, models, seen)


def _ask(source: str) -> bytes | None:
    """The bytes of an image file."""
    if source == _DRAW:
        return draw_canvas(
            key="canvas", label="Draw here with a finger, a pen or the mouse. Files can be used instead."
        )
    if source == _CAMERA:
        photo = st.camera_input("Photo", key="photo")
    else:
        kinds = "PNG, JPEG, GIF, WebP, BMP, TIFF or PPM."
        photo = st.file_uploader("Image file", key="drawn-file", max_upload_size=30, help=kinds)
    st.caption("It stays on this machine and is not kept.")
    return None if photo is None else photo.getvalue()


def _open_all(comparison: Comparison, seed: int) -> dict[str, LiveModel]:
    """A model a head; a sentence for each that is not here."""
    found = {}
    for head, run in select_seed_runs(comparison, seed).items():
        if run.has("model.tflite"):
            found[head] = _open(run.run_id, run.record.checksums.get("model.tflite"), run)
            continue
        others = [str(other.spec.seed) for other in comparison.runs if other.has("model.tflite")]
        what = f"choose seed {others[0]}" if others else "train it here to have it answer"
        st.info(
            f"{head} cannot answer: the model file of run {run.run_id} (seed {run.spec.seed}) was left out; {what}.",
            icon=":material/visibility_off:",
        )
    return found


@st.cache_resource(show_spinner=False, max_entries=16)
def _open(run_id: str, checksum: str | None, _run: Run) -> LiveModel:
    """Once for all sessions; it answers one of them at a time."""
    return LiveModel(_run)


def _answer(comparison: Comparison, models: dict[str, LiveModel], seen: Pixels) -> None:
    run, palette = comparison.first, colors(comparison)
    classes = run.record.data.classes
    verdict, choices, place = st.empty(), st.container(horizontal=True, vertical_alignment="bottom"), st.container()
    with choices:
        label = widget.optional("What speaks for", classes, key="drawn_for", none="each head's own guess", width=200)
        percent = widget.slider("Opacity of the maps (%)", 0, 100, 70, 5, key="drawn_opacity", width=220)
    about = None if label is None else classes.index(label)
    answers = {head: model.predict(seen[np.newaxis]) for head, model in models.items()}
    said = [
        collect_predictions(head, palette[head], answer, about, exact=models[head].exact)
        for head, answer in answers.items()
    ]
    verdict.markdown(f"#### {escape_markdown(write_cards(said, classes))}")
    with place:
        st.html(set_opacity(build_cards(seen, said, classes), percent / 100))
        for head, model in models.items():
            if model.unavailable_reason:
                st.caption(f"{head}: {model.unavailable_reason}")
        show_explanation({head: model.exact for head, model in models.items() if not model.unavailable_reason})
        left, right = st.columns([1, 4], vertical_alignment="center")
        left.html(build_group([Cell(seen, "as the models see it")], frame=False))
        right.caption(_describe(run, seen))


def _describe(run: Run, seen: Pixels) -> str:
    drawing = DATASETS[run.spec.dataset].drawing
    size = f"{seen.shape[1]}×{seen.shape[0]} pixels"
    if drawing is None:
        return f"The models see the central square, at {size}."
    return (
        f"The models see {size}, white on black: what is drawn, {drawing.description}, as the images of "
        f"{DATASETS[run.spec.dataset].label} are. They were trained on those, by other hands and pens than yours."
    )
