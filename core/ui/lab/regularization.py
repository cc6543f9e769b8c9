"""L2 penalty and dropout."""

import numpy as np
import streamlit as st

from core.displays.lab.charts import build_dropout_chart, build_penalty_chart
from core.displays.lab.grid import draw_grid
from core.lab.matrix import format_number
from core.lab.regularization import apply_dropout, compute_l2, compute_mean_training, compute_pull, find_minimum
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings
from core.ui.lab.inputs import choose_vector

url.register("lab_l2_w", "lab_l2_strength", "lab_l2_best", "lab_dropout_x", "lab_dropout_rate", "lab_dropout_seed")

_TRAINING_STEPS = 1_000
_WIDE = 520


def show_regularization() -> None:
    st.header("L2 penalty", anchor=False)
    _show_penalty()
    st.header("Dropout", anchor=False)
    _show_dropout()


def _show_penalty() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        weights = choose_vector("Weights", "weights", np.array([3, -2, 0.5, 1]), key="lab_l2_w", max_length=16)
        strength = widget.slider("Strength λ", 0.0, 2.0, 0.5, 0.05, key="lab_l2_strength")
        best = widget.slider("Optimal weight without penalty", 0.0, 4.0, 2.0, 0.1, key="lab_l2_best")
    with right:
        squares = " + ".join(f"{format_number(float(w**2))}" for w in weights)
        st.markdown(
            f"Added to the loss: λ · Σ w² = {format_number(strength)} · ({squares}) = "
            f"**{format_number(compute_l2(weights, strength))}**"
        )
        gradient = compute_pull(weights, strength)
        show_drawings(
            "l2",
            [
                ("Weights w", draw_grid(weights[np.newaxis], "Weights", signed=True, side=_WIDE)),
                (
                    "Gradient of the penalty, 2·λ·w",
                    draw_grid(gradient[np.newaxis], "Gradient of the penalty", signed=True, side=_WIDE),
                ),
            ],
        )
        minimum = find_minimum(best, strength)
        st.altair_chart(
            build_penalty_chart(best, strength),
            width="stretch",
            alt=f"Loss of one weight. Minimum without penalty at {best:g}, with penalty at {minimum:.3g}.",
        )
        st.markdown(
            f"For the loss (w − {format_number(best)})², the penalty moves the minimum from {format_number(best)} to "
            f"{format_number(best)} / (1 + {format_number(strength)}) = **{format_number(minimum)}**."
        )


def _show_dropout() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x = choose_vector(
            "Activations", "activations", np.array([2, 4, 1, 3, 5, 2, 4, 3]), key="lab_dropout_x", max_length=16
        )
        rate = widget.slider("Rate p", 0.0, 0.9, 0.5, 0.05, key="lab_dropout_rate")
        seed = widget.slider("Seed", 1, 50, 1, key="lab_dropout_seed")
    with right:
        result = apply_dropout(x, rate, seed)
        scale = format_number(1 / (1 - rate))
        inverted, original = st.columns(2, gap="medium")
        with inverted:
            st.markdown(f"**Inverted dropout** (Keras): scale by 1 / (1 − p) = {scale} in training")
            _show_phases(result.training, result.inference, "unchanged")
        with original:
            st.markdown(f"**Original dropout**: scale by 1 − p = {format_number(1 - rate)} at inference")
            _show_phases(result.plain_training, result.plain_inference, "scaled")
        st.caption(f"{int((~result.mask).sum())} of {x.size} units dropped in this step. The seed determines which.")
        mean = compute_mean_training(x, rate, seed, _TRAINING_STEPS)
        st.altair_chart(
            build_dropout_chart(x, mean),
            width="stretch",
            alt=f"Activations at inference, and mean over {_TRAINING_STEPS:,} training steps: "
            f"{' '.join(format_number(round(float(v), 2)) for v in mean)}.",
        )
        st.markdown(
            f"Over {_TRAINING_STEPS:,} training steps, the mean of a scaled unit approaches its activation at "
            "inference, so inference needs no scaling."
        )


def _show_phases(training: np.ndarray, inference: np.ndarray, note: str) -> None:
    show_drawings(
        f"dropout-{note}",
        [
            ("Training", draw_grid(training[np.newaxis], "Training", side=_WIDE)),
            (f"Inference ({note})", draw_grid(inference[np.newaxis], "Inference", side=_WIDE)),
        ],
    )
