"""Number of output values that use each input value, for each padding mode."""

import numpy as np
import streamlit as st

from core.displays.lab.grid import draw_grid
from core.displays.lab.input_use import draw_uses
from core.displays.markdown import escape_markdown
from core.lab.convolution import Convolution, Padding, effective_size, resolve_padding
from core.lab.input_use import count_uses, count_uses_map
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings

url.register(*(f"lab_use_{name}" for name in "nmsd"))

_MODES: tuple[Padding, ...] = ("valid", "same", "full")
_SIDE = 190


def show_input_use() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        size = widget.slider("Input size n", 1, 16, 5, key="lab_use_n")
        kernel = widget.slider("Kernel size m", 1, 9, 3, key="lab_use_m")
        stride = widget.slider("Stride s", 1, 4, 1, key="lab_use_s")
        dilation = widget.slider("Dilation d", 1, 3, 1, key="lab_use_d")
    modes = [mode for mode in _MODES if mode != "valid" or effective_size(kernel, dilation) <= size]
    pairs = {mode: resolve_padding(mode, size, kernel, stride, dilation) for mode in modes}
    counts = {mode: count_uses(size, kernel, pair, stride, dilation) for mode, pair in pairs.items()}
    with right:
        st.markdown("One block per output value that uses the input value below it. Orange: used less often.")
        show_drawings(
            "uses",
            [
                (f"{mode}: {_write_zeros(pairs[mode])}, uses {' '.join(map(str, counts[mode].tolist()))}", svg)
                for mode, svg in ((mode, draw_uses(counts[mode], pairs[mode])) for mode in modes)
            ],
        )
        if len(modes) < len(_MODES):
            st.caption("The kernel is larger than the input, so there is no output with valid padding.")
        st.header("Uses of each pixel in 2D", anchor=False)
        x, weights = np.zeros((size, size)), np.ones((kernel, kernel))
        slides = [Convolution.of(x, weights, mode, stride, dilation) for mode in modes]
        maps = [(mode, count_uses_map(slide).astype(np.float64)) for mode, slide in zip(modes, slides, strict=True)]
        show_drawings(
            "uses-2d", [(mode, draw_grid(uses, f"Uses, {mode}", signed=True, side=_SIDE)) for mode, uses in maps]
        )
        mode, uses = maps[0]
        st.markdown(
            f"Number of output pixels that use a pixel, with {escape_markdown(mode)} padding: "
            f"**{uses[0, 0]:.0f}** in the corner, **{uses[size // 2, size // 2]:.0f}** in the center. "
            "At stride 1, full padding uses all pixels equally often, but the output is larger than the input."
        )


def _write_zeros(pair: tuple[int, int]) -> str:
    before, after = pair
    return f"p = {before}" if before == after else f"p = {before} before, {after} after"
