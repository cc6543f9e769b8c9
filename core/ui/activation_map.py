"""What the heads look at in test images: their maps side by side, of any class, with an opacity of one's choice."""

import streamlit as st

from core.analysis.prediction import compute_predictions, select_images
from core.displays.activation_overlay import build_scale, set_opacity
from core.displays.number import format_plural
from core.displays.views.activation import Activation
from core.errors import DatasetError, HeadroomError
from core.store.comparison import Comparison
from core.ui import widget
from core.ui.display import keep_of, show_frame, tabulate
from core.ui.session import home

_PAGE_SIZE = 6
_ALL, _ONE = "all", "right by one head"

EXACT = (
    "exact: the mean of a class's map plus its bias is the logit of that class "
    "([Zhou et al. 2016](https://arxiv.org/abs/1512.04150))"
)
GRAD_CAM = (
    "Grad-CAM: the maps weighted by how much the logit grows with each, and nothing that speaks against a class "
    "([Selvaraju et al. 2017](https://arxiv.org/abs/1610.02391))"
)


def show_looks(comparison: Comparison) -> None:
    """Choices, a page of images, and what the colours mean. Every choice is in the URL."""
    classes = comparison.first.record.data.classes
    seeds = sorted({run.spec.seed for run in comparison.runs})
    options = [_ALL, _ONE] if len(comparison.variants) > 1 else [_ALL]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        which = widget.segmented("Images", options, key="looks", on_change=_turn_to_first)
        label = widget.optional("What speaks for", classes, key="looks_for", none="each head's own guess", width=200)
        seed = widget.selectbox("Models of seed", seeds, key="models_of", width=120)
    predictions = compute_predictions(comparison, seed)
    images = select_images(predictions, "right by one" if which == _ONE else "all").tolist()
    if not images:
        st.info("There is no such test image.")
        return
    pages = -(-len(images) // _PAGE_SIZE)
    if st.session_state.get("looks_page", 1) > pages:  # another choice has fewer
        _turn_to_first()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        page = widget.number(f"Page of {pages:,}", 1, pages, key="looks_page", width=140, disabled=pages == 1)
        percent = widget.slider("Opacity of the maps (%)", 0, 100, 70, 5, key="opacity", width=220)
    shown = tuple(images[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE])
    about = None if label is None else classes.index(label)
    st.caption(f"{format_plural(len(images), 'test image')}. Under each map: the class it is of, and its probability.")
    activation = Activation(comparison, home(), shown, about, seed)
    show_activation(activation, percent / 100)
    with st.expander("The figures behind it", on_change="rerun", key="figures-looks") as fold:
        if fold.open and not (table := tabulate(activation)).empty:
            show_frame(table, words=table.columns)


def _turn_to_first() -> None:
    st.session_state["looks_page"] = 1


def show_activation(activation: Activation, opacity: float = 0.7) -> None:
    """The images of a display, what its colours mean, and which heads have no maps and why."""
    try:
        drawn = keep_of(activation, Activation.draw)
    except DatasetError as error:
        st.info(str(error))
        return
    except HeadroomError as error:
        st.error(str(error), icon=":material/error:")
        return
    for sentence in drawn.silences:
        st.info(sentence, icon=":material/visibility_off:")
    if drawn.html:
        st.html(set_opacity(drawn.html, opacity))
        show_explanation(drawn.kinds)


def show_explanation(kinds: dict[str, bool]) -> None:
    """What the colours mean, for heads and whether their maps are exact."""
    st.html(build_scale(any(kinds.values())))
    told = "; ".join(f"**{head}**: {EXACT if exact else GRAD_CAM}" for head, exact in kinds.items())
    st.caption(
        f"{told}. Orange speaks for the class, violet against it. The colour is full at the strongest value of any "
        "class in that image with that head; of Grad-CAM, which has no common scale, at the map's own. A map may be "
        "empty: no cell speaks for the class then. Maps have few cells and are stretched over the image; what a cell "
        "saw reaches beyond it."
    )
