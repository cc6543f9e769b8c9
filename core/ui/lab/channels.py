"""Multi-channel convolution: one kernel slice per channel, summed, and the parameters of the layer."""

import numpy as np
import streamlit as st

from core.displays.lab.charts import build_cost_chart
from core.displays.lab.formula import write_sum
from core.displays.lab.grid import draw_grid
from core.displays.number import format_count
from core.lab.channel import compute_cost, convolve_channels
from core.lab.kernel import KERNELS_2D
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings
from core.ui.lab.inputs import choose_photo, load_small

url.register(
    *(f"lab_cost_{name}" for name in "nckm"),
    *(f"lab_channel_{name}" for name in ("photo", "red", "green", "blue", "bias")),
)

_NAMES = ("Red", "Green", "Blue")
_DEFAULTS = ("Sobel, left to right", "Sobel, top to bottom", "Laplacian")
_SIDE, _DRAWN = 96, 200


def show_channels() -> None:
    _show_sum()
    st.header("Number of parameters", anchor=False)
    _show_cost()


def _show_sum() -> None:
    left, right = st.columns([2, 5], gap="large")
    kernels = [name for name, kernel in KERNELS_2D.items() if kernel.shape == (3, 3)]
    with left:
        pixels = load_small(choose_photo(key="channel"), _SIDE)
        slices = [
            widget.selectbox(f"{name} slice", kernels, default, key=f"lab_channel_{name.lower()}")
            for name, default in zip(_NAMES, _DEFAULTS, strict=True)
        ]
        bias = widget.slider("Bias", -100, 100, 0, key="lab_channel_bias")
    x = np.broadcast_to(pixels, (*pixels.shape[:2], 3)).astype(np.float64)  # a grayscale image has three equal channels
    kernel = np.stack([KERNELS_2D[name] for name in slices], axis=-1)
    result = convolve_channels(x, kernel, float(bias))
    with right:
        st.markdown("Each channel is convolved with its own kernel slice. The three results and the bias are added.")
        for channel, name in enumerate(_NAMES):
            show_drawings(
                f"slice-{channel}",
                [
                    (name, draw_grid(x[..., channel], name, side=_DRAWN)),
                    "⋆",
                    (
                        f"Kernel slice {channel + 1}",
                        draw_grid(kernel[..., channel], "Kernel slice", signed=True, side=120),
                    ),
                    "=",
                    (f"Result {channel + 1}", draw_grid(result.parts[channel], f"Result {channel + 1}", side=_DRAWN)),
                ],
            )
        show_drawings(
            "sum",
            ["Σ", ("Output map", draw_grid(result.output, "Sum of the results and the bias", side=1.5 * _DRAWN))],
        )
        row, column = (side // 2 for side in result.output.shape)
        parts = [float(part[row, column]) for part in result.parts]
        st.markdown(f"Output at row {row:d}, column {column:d} (center): {write_sum(parts, bias)}.")


def _show_cost() -> None:
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
        st.altair_chart(
            build_cost_chart(side, channels, filters, kernel),
            width="stretch",
            alt=f"Parameters by input size. At size {side}: convolution {format_count(cost.convolution)}, "
            f"fully connected {format_count(cost.fully_connected)}.",
        )
        st.markdown(
            f"A fully connected layer with the same {side:d} × {side:d} × {filters:d} outputs has "
            f"**{cost.ratio:,.0f}** times the parameters (without biases), because "
            "a convolution shares its weights across all positions."
        )


def _latex(count: int) -> str:
    return f"{count:,}".replace(",", "{,}")
