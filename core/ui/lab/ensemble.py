"""Dropout as an ensemble of 2ʰ models with shared weights."""

import numpy as np
import streamlit as st

from core.displays.lab.ensemble_chart import build_ensemble_chart
from core.lab.ensemble import compute_ensemble, make_network
from core.ui import url, widget
from core.ui.display import draw_chart

url.register(*(f"lab_models_{name}" for name in ("h", "rate", "relu", "seed")))

_CLASSES = 3


def show_ensemble() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        units = widget.slider("Hidden units h", 1, 8, 6, key="lab_models_h")
        rate = widget.slider("Rate p", 0.0, 0.9, 0.5, 0.05, key="lab_models_rate")
        relu = widget.toggle("Second hidden layer (ReLU)", key="lab_models_relu")
        seed = widget.slider("Seed of the weights", 1, 50, 1, key="lab_models_seed")
    result = compute_ensemble(make_network(units, _CLASSES, seed, second_layer=relu), rate)
    distance = float(np.abs(result.geometric - result.arithmetic).max())
    gap = float(np.abs(result.geometric - result.scaled).max())
    with right:
        st.latex(f"2^h = 2^{{{units}}} = {2**units}\\ \\text{{models}}")
        st.latex("\\tilde p_k \\propto \\prod_{m=1}^{2^h} p_k^{(m)\\,w_m}, \\quad \\textstyle\\sum_m w_m = 1")
        draw_chart(
            build_ensemble_chart(result),
            "Class probabilities. Geometric mean of all models: "
            + ", ".join(f"class {k} {p:.1%}" for k, p in enumerate(result.geometric))
            + f". Largest difference from the scaled network: {gap:.1%}.",
        )
        if gap < 1e-9:
            verdict = "**equals** the weighted geometric mean of all models, because only a softmax layer follows"
        else:
            difference = f"**{100 * gap:.1f} percentage points**"
            verdict = f"**approximates** the weighted geometric mean of all models; they differ by up to {difference}"
        st.markdown(
            f"Each training step trains one of the {2**units} models, which share their weights. At inference, the "
            f"whole network with activations scaled by 1 − p = {1 - rate:.2f} {verdict}. The arithmetic mean differs "
            f"from it by up to {100 * distance:.1f} percentage points."
        )
        st.caption(
            "The weight w of a model is the probability of its set of kept units; at p = 0.5 all are equal. Sources: "
            "Srivastava et al. 2014; Goodfellow, Bengio & Courville 2016, section 7.12."
        )
