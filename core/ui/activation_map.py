"""Class activation maps of test images, with their color scale."""

import streamlit as st

from core.displays.activation_overlay import build_scale, set_opacity
from core.displays.markdown import escape_markdown
from core.displays.views.activation import Activation
from core.errors import DatasetError, HeadroomError
from core.home import describe_error, hide_paths
from core.ui.display import cached_display_result

EXACT = (
    "CAM, exact: the mean of the map plus the bias is the logit of the class "
    "([Zhou et al. 2016](https://arxiv.org/abs/1512.04150))"
)
GRAD_CAM = (
    "Grad-CAM: feature maps weighted by the mean gradient of the logit, positive values only "
    "([Selvaraju et al. 2017](https://arxiv.org/abs/1610.02391))"
)


def show_activation(activation: Activation, opacity: float = 0.7) -> None:
    """Show the maps of a display, their color scale, and the heads whose maps are unavailable."""
    try:
        drawn = cached_display_result(activation, Activation.draw)
    except DatasetError as error:
        st.info(escape_markdown(describe_error(error)))
        return
    except HeadroomError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return
    for reason in drawn.reasons:
        st.info(escape_markdown(hide_paths(reason)), icon=":material/visibility_off:")
    if drawn.html:
        st.html(set_opacity(drawn.html, opacity))
        show_explanation(drawn.kinds)


def show_explanation(kinds: dict[str, bool]) -> None:
    """Show the color scale and the method of each head.

    Args:
        kinds: for each head, whether its maps are exact.
    """
    st.html(build_scale(any(kinds.values())))
    methods = "; ".join(f"**{escape_markdown(head)}**: {EXACT if exact else GRAD_CAM}" for head, exact in kinds.items())
    st.caption(
        f"{methods}. Orange is evidence for the class, violet evidence against it. Colors are scaled to the strongest "
        "value of any class in the image for the head; Grad-CAM maps, which have no common scale, are scaled "
        "individually. A map without evidence for the class is empty. Maps have a low resolution and are stretched "
        "over the image; the receptive field of a cell is larger than the cell."
    )
