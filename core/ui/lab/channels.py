"""Multi-channel convolution: one kernel slice per channel, summed; several output maps, followed by pooling."""

import numpy as np
import streamlit as st

from core.displays.lab.filter_row import draw_slices
from core.displays.lab.formula import write_sum
from core.displays.lab.grid import draw_grid
from core.lab.channel import convolve_channels, convolve_layer
from core.lab.convolution import Values
from core.lab.kernel import FILTERS, KERNELS_2D
from core.lab.pooling import pool
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings
from core.ui.lab.inputs import choose_photo, load_small

url.register(
    *(f"lab_channel_{name}" for name in ("photo", "red", "green", "blue", "bias")),
    *(f"lab_maps_{name}" for name in ("photo", "k", "relu", "window", "pooling")),
)

_NAMES = ("Red", "Green", "Blue")
_DEFAULTS = ("Sobel, left to right", "Sobel, top to bottom", "Laplacian")
_SIDE, _DRAWN, _SMALL = 96, 190, 130


def show_output_maps() -> None:
    """Show a convolutional layer with several filters, followed by pooling."""
    left, right = st.columns([2, 5], gap="large")
    with left:
        x = _read_channels(load_small(choose_photo(key="maps"), _SIDE))
        count = widget.slider("Output maps k", 1, len(FILTERS), 5, key="lab_maps_k")
        relu = widget.toggle("ReLU", True, key="lab_maps_relu")
        window = widget.slider("Pooling window", 1, 8, 2, key="lab_maps_window")
        pooling = widget.segmented("Pooling", ["max", "mean"], key="lab_maps_pooling")
    names = list(FILTERS)[:count]
    kernels = np.stack([FILTERS[name] for name in names], axis=-1)
    maps = convolve_layer(x, kernels, np.zeros(count))
    if relu:
        maps = np.maximum(maps, 0)
    reduced = [pool(maps[..., k], window, window, "max" if pooling == "max" else "mean") for k in range(count)]
    with right:
        height, width = reduced[0].shape
        shrink = max(reduced[0].shape) / max(x.shape[:2])
        st.markdown(
            f"Input ({x.shape[0]:d}, {x.shape[1]:d}, 3) → kernels (3, 3, 3, {count:d}) → feature maps "
            f"({x.shape[0]:d}, {x.shape[1]:d}, {count:d}) → pooled ({height:d}, {width:d}, {count:d}). "
            f"Each output map has one kernel slice per input channel. Parameters: 3 · 3 · 3 · {count:d} + {count:d} = "
            f"**{kernels.size + count:,}**; pooling has none."
        )
        channels = [(name, draw_grid(x[..., c], name, side=_SMALL)) for c, name in enumerate(_NAMES)]
        show_drawings("maps-input", channels)
        for k, name in enumerate(names):
            show_drawings(
                f"maps-{k}",
                [
                    (f"Filter {k + 1}: {name}", draw_slices(FILTERS[name])),
                    "→",
                    (f"Feature map {k + 1}", draw_grid(maps[..., k], f"Feature map {k + 1}", side=_SMALL)),
                    "→",
                    (
                        f"Pooled map {k + 1}",
                        draw_grid(reduced[k], f"Pooled map {k + 1}", side=_SMALL * shrink),
                    ),
                ],
            )


def show_channel_sum() -> None:
    left, right = st.columns([2, 5], gap="large")
    kernels = [name for name, kernel in KERNELS_2D.items() if kernel.shape == (3, 3)]
    with left:
        pixels = load_small(choose_photo(key="channel"), _SIDE)
        slices = [
            widget.selectbox(f"{name} slice", kernels, default, key=f"lab_channel_{name.lower()}")
            for name, default in zip(_NAMES, _DEFAULTS, strict=True)
        ]
        bias = widget.slider("Bias", -100, 100, 0, key="lab_channel_bias")
    x = _read_channels(pixels)
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
            ["Σ", ("Output map", draw_grid(result.output, "Sum of the results and the bias", side=1.3 * _DRAWN))],
        )
        row, column = (side // 2 for side in result.output.shape)
        parts = [float(part[row, column]) for part in result.parts]
        st.markdown(f"Output at row {row:d}, column {column:d} (center): {write_sum(parts, bias)}.")


def _read_channels(pixels: np.ndarray) -> Values:
    """Return the channels of an image, float64 of shape (height, width, 3); those of a grayscale image are equal."""
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3)).astype(np.float64)
