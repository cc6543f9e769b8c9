"""Binary, categorical and sparse categorical cross-entropy from logits and from probabilities."""

import numpy as np
import pandas as pd
import streamlit as st

from core.displays.lab.charts import build_binary_chart, build_softmax_chart
from core.errors import SpecError
from core.lab.convolution import Values
from core.lab.loss import (
    EPSILON,
    binary_from_logit,
    binary_from_prob,
    categorical_from_logits,
    categorical_from_probs,
    one_hot,
    sigmoid,
    softmax,
    sparse_from_logits,
    sparse_from_probs,
)
from core.ui import url, widget
from core.ui.display import draw_chart, show_frame
from core.ui.lab.inputs import choose_vector, limit_state

url.register("lab_logit", "lab_target", "lab_logits", "lab_label")


def show_cross_entropy() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        logit = widget.slider("Logit z (binary)", -40.0, 40.0, 0.8, 0.1, key="lab_logit")
        target = widget.segmented("True class y", [0, 1], 1, key="lab_target")
        logits = choose_vector(
            "Logits (multiclass)", "logits", np.array([1.5, 0.8, 2.1]), key="lab_logits", max_length=12
        )
        if len(logits) < 2:
            raise SpecError(f"Expected at least 2 logits; got {len(logits)}.")
        label = _choose_label(len(logits))
    with right:
        show_frame(_tabulate(logit, target, logits, label))
        st.caption(
            "From logits, the loss is computed in a numerically stable form. From probabilities, Keras "
            f"clips p to [{EPSILON:.7f}, 1 − {EPSILON:.7f}]: for logit −30 and y = 1 the two columns differ."
        )
        binary, several = st.columns(2, gap="large")
        with binary:
            st.header("Binary", anchor=False)
            st.latex(f"\\sigma(z) = \\frac{{1}}{{1 + e^{{-z}}}} = {sigmoid(logit):.4f}")
            draw_chart(
                build_binary_chart(logit, target),
                f"Binary cross-entropy by logit; at {logit:g} for y = {target} it is "
                f"{binary_from_logit(logit, target):.4f}.",
            )
        with several:
            st.header("Multiclass", anchor=False)
            st.latex(
                f"-\\log p_{{{label}}} = -\\log {softmax(logits)[label]:.4f} = {sparse_from_logits(logits, label):.4f}"
            )
            draw_chart(
                build_softmax_chart(logits, label),
                "Softmax probabilities: " + ", ".join(f"class {i} {p:.1%}" for i, p in enumerate(softmax(logits))),
            )
        st.markdown(
            "Categorical and sparse categorical cross-entropy are equal. The first takes the true class as a one-hot "
            "vector, the second as an integer."
        )


def _choose_label(classes: int) -> int:
    limit_state("lab_label", classes - 1)
    return widget.slider("True class", 0, classes - 1, min(2, classes - 1), key="lab_label")


def _tabulate(logit: float, target: int, logits: Values, label: int) -> pd.DataFrame:
    probs, hot = softmax(logits), one_hot(label, len(logits))
    rows = [
        ("Binary", str(target), binary_from_logit(logit, target), binary_from_prob(sigmoid(logit), target)),
        (
            "Categorical",
            f"[{' '.join(f'{value:.0f}' for value in hot)}]",
            categorical_from_logits(logits, hot),
            categorical_from_probs(probs, hot),
        ),
        ("Sparse", str(label), sparse_from_logits(logits, label), sparse_from_probs(probs, label)),
    ]
    return pd.DataFrame(
        {
            "Cross-entropy": name,
            "Target y": target_text,
            "From logits": f"{from_logits:.4f}",
            "From probabilities": f"{from_probs:.4f}",
        }
        for name, target_text, from_logits, from_probs in rows
    )
