"""L1 and L2 penalties, and dropout."""

import numpy as np
import streamlit as st

from core.displays.lab.charts import build_dropout_chart
from core.displays.lab.grid import draw_grid
from core.displays.lab.penalty_charts import build_minimum_chart, build_penalty_chart
from core.displays.markdown import escape_markdown
from core.lab.matrix import format_number
from core.lab.regularization import (
    PENALTIES,
    apply_dropout,
    compute_mean_training,
    compute_penalty,
    compute_pull,
    find_minimum,
)
from core.ui import url, widget
from core.ui.display import draw_chart
from core.ui.lab.drawing import show_drawings
from core.ui.lab.inputs import choose_vector

url.register("lab_l2_w", "lab_l2_strength", "lab_l2_best", "lab_dropout_x", "lab_dropout_rate", "lab_dropout_seed")

_TRAINING_STEPS = 1_000
_WIDE, _NARROW = 520, 240


def show_penalties() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        weights = choose_vector("Weights", "weights", np.array([3, -2, 0.5, 1]), key="lab_l2_w", max_length=16)
        strength = widget.slider("Strength λ", 0.0, 2.0, 0.5, 0.05, key="lab_l2_strength")
        best = widget.slider("Optimal weight without penalty", 0.0, 4.0, 2.0, 0.1, key="lab_l2_best")
    with right:
        sizes = {
            "L1": ("Σ |w|", [abs(float(w)) for w in weights]),
            "L2": ("Σ w²", [float(w**2) for w in weights]),
        }
        for name in PENALTIES:
            symbol, terms = sizes[name]
            st.markdown(
                f"**{escape_markdown(name)}** adds λ · {escape_markdown(symbol)} = {format_number(strength)} · "
                f"({' + '.join(format_number(term) for term in terms)}) = "
                f"**{format_number(compute_penalty(weights, strength, name))}** to the loss."
            )
        formulas = {"L1": "λ · sign(w)", "L2": "2·λ·w"}
        show_drawings(
            "penalties",
            [
                ("Weights w", draw_grid(weights[np.newaxis], "Weights", signed=True, side=_NARROW)),
                *(
                    (
                        f"Gradient of {name}, {formulas[name]}",
                        draw_grid(
                            compute_pull(weights, strength, name)[np.newaxis],
                            f"Gradient of {name}",
                            signed=True,
                            side=_NARROW,
                        ),
                    )
                    for name in PENALTIES
                ),
            ],
        )
        low = {name: find_minimum(best, strength, name) for name in PENALTIES}
        losses, minima = st.columns(2, gap="medium")
        with losses:
            draw_chart(
                build_penalty_chart(best, strength),
                f"Loss of one weight. Minimum without penalty at {best:g}, with L1 at {low['L1']:.3g}, with L2 at "
                f"{low['L2']:.3g}.",
            )
        with minima:
            draw_chart(
                build_minimum_chart(best, strength),
                f"Weight at the minimum by strength; L1 is 0 from strength {2 * best:g}, L2 is never 0.",
            )
        number, most = format_number(best), format_number(strength)
        st.markdown(
            f"For the loss (w − {number})², **L1** moves the minimum to max({number} − {most}/2, 0) = "
            f"**{format_number(low['L1'])}** and **L2** to {number} / (1 + {most}) = **{format_number(low['L2'])}**. "
            "L1 sets small weights to exactly 0 (sparse weights); L2 shrinks all weights by the same factor."
        )


def show_dropout() -> None:
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
        draw_chart(
            build_dropout_chart(x, mean),
            f"Activations at inference, and mean over {_TRAINING_STEPS:,} training steps: "
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
