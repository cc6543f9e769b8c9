"""A binary problem with one sigmoid output or two softmax outputs."""

import numpy as np
import streamlit as st

from core.displays.lab.binary_output import draw_outputs
from core.lab.loss import binary_from_logit, sigmoid, softmax, sparse_from_logits
from core.lab.matrix import format_number
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings

url.register(*(f"lab_two_{name}" for name in ("z0", "z1", "target")))


def show_binary_output() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        first = widget.slider("Logit z₀ (class 0)", -10.0, 10.0, 0.7, 0.1, key="lab_two_z0")
        second = widget.slider("Logit z₁ (class 1)", -10.0, 10.0, 1.5, 0.1, key="lab_two_z1")
        target = widget.segmented("True class y", [0, 1], 1, key="lab_two_target")
    logits, logit = np.array([first, second]), second - first
    probs, prob = softmax(logits), sigmoid(logit)
    with right:
        show_drawings(
            "outputs",
            [
                ("One sigmoid output, z = z₁ − z₀", draw_outputs([logit], [prob], [1], target)),
                ("Two softmax outputs, z₀ and z₁", draw_outputs(logits.tolist(), probs.tolist(), [0, 1], target)),
            ],
        )
        st.latex("\\frac{e^{z_1}}{e^{z_0} + e^{z_1}} = \\frac{1}{1 + e^{-(z_1 - z_0)}}")
        st.latex(f"\\sigma(z_1 - z_0) = \\sigma({logit:.2f}) = {prob:.4f}")
        st.markdown(
            f"**Equal losses**: binary cross-entropy **{format_number(round(binary_from_logit(logit, target), 4))}**, "
            "categorical cross-entropy "
            f"**{format_number(round(sparse_from_logits(logits, target), 4))}**. Both depend only on z₁ − z₀: the same "
            "number added to both logits changes neither."
        )
        st.markdown(
            "**Parameters** for d features: d + 1 with one output, 2d + 2 with two. The second half is redundant."
        )
