"""Number of parameters of a convolution, compared with a fully connected layer."""

import streamlit as st

from core.displays.lab.charts import build_cost_chart
from core.displays.number import format_count
from core.lab.channel import compute_cost
from core.ui import url, widget
from core.ui.display import draw_chart

url.register(*(f"lab_cost_{name}" for name in "nckm"))


def show_layer_cost() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        side = widget.slider("Input size n", 4, 256, 28, key="lab_cost_n")
        channels = widget.slider("Input channels c", 1, 64, 1, key="lab_cost_c")
        filters = widget.slider("Filters k", 1, 128, 32, key="lab_cost_k")
        kernel = widget.slider("Kernel size m", 1, 11, 3, key="lab_cost_m")
    cost = compute_cost(side, channels, filters, kernel)
    with right:
        st.latex(
            "\\begin{aligned} & m \\cdot m \\cdot c \\cdot k + k \\\\ "
            f"&= {kernel} \\cdot {kernel} \\cdot {channels} \\cdot {filters} + {filters} "
            f"= {_latex(cost.convolution)} \\end{{aligned}}"
        )
        st.latex(
            "\\begin{aligned} & (n \\cdot n \\cdot c) \\cdot (n \\cdot n \\cdot k) \\\\ "
            f"&= {_latex(side * side * channels)} \\cdot {_latex(side * side * filters)} \\\\ "
            f"&= {_latex(cost.fully_connected)} \\end{{aligned}}"
        )
        draw_chart(
            build_cost_chart(side, channels, filters, kernel),
            f"Parameters by input size. At size {side}: convolution {format_count(cost.convolution)}, "
            f"fully connected {format_count(cost.fully_connected)}.",
        )
        st.markdown(
            f"A fully connected layer with the same {side:d} × {side:d} × {filters:d} outputs has "
            f"**{cost.ratio:,.0f}** times the parameters (without biases), because "
            "a convolution shares its weights across all positions."
        )


def _latex(count: int) -> str:
    return f"{count:,}".replace(",", "{,}")
