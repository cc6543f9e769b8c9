"""Class activation maps of test images, with what their colours mean."""

import streamlit as st

from core.displays.activation_overlay import build_scale, set_opacity
from core.displays.views.activation import Activation
from core.errors import DatasetError, HeadroomError
from core.ui.display import keep_of

EXACT = (
    "exact: the mean of a class's map plus its bias is the logit of that class "
    "([Zhou et al. 2016](https://arxiv.org/abs/1512.04150))"
)
GRAD_CAM = (
    "Grad-CAM: the maps weighted by how much the logit grows with each, and nothing that speaks against a class "
    "([Selvaraju et al. 2017](https://arxiv.org/abs/1610.02391))"
)


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
    for sentence in drawn.reasons:
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
