"""Local connectivity and parameter sharing, compared with fully connected and locally connected layers."""

import numpy as np
import streamlit as st

from core.displays.lab.connectivity import count_weights, draw_connections, draw_weight_matrix
from core.lab.connectivity import KINDS, number_weights
from core.lab.convolution import Convolution
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings
from core.ui.lab.inputs import limit_state

url.register(*(f"lab_link_{name}" for name in ("n", "m", "padding", "unit")))


def show_connectivity() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        size = widget.slider("Inputs n", 3, 10, 8, key="lab_link_n")
        kernel = widget.slider("Kernel size m", 1, 5, 3, key="lab_link_m")
        padding = widget.segmented("Padding", ["valid", "same"], key="lab_link_padding")
        layer = Convolution.of(np.zeros(size), np.ones(kernel), "same" if padding == "same" else "valid", flip=False)
        limit_state("lab_link_unit", layer.steps - 1)
        unit = 0
        if layer.steps > 1:
            unit = widget.slider("Output unit", 0, layer.steps - 1, min(2, layer.steps - 1), key="lab_link_unit")
    weights = {kind: number_weights(layer, kind) for kind in KINDS}
    counts = {kind: count_weights(numbers) for kind, numbers in weights.items()}
    captions = {
        kind: f"{kind.capitalize()}: {np.count_nonzero(numbers)} connections, {counts[kind]} weights"
        for kind, numbers in weights.items()
    }
    with right:
        st.markdown(
            f"**Local connectivity**: an output of a convolution depends on {kernel:d} of {size:d} inputs. **Parameter "
            f"sharing**: all outputs use the same {kernel:,} weights; equal colors are equal weights."
        )
        show_drawings("links", [(captions[kind], draw_connections(weights[kind], unit, kind)) for kind in KINDS])
        st.header("Weight matrix", anchor=False)
        st.markdown("One row per output, one column per input. Empty cells are zeros.")
        show_drawings("link-matrices", [(kind, draw_weight_matrix(weights[kind], unit, kind)) for kind in KINDS])
