"""Calculator of the output size, with a drawing of all kernel positions."""

import pandas as pd
import streamlit as st

from core.displays.lab.formula import write_output_size
from core.displays.lab.kernel_positions import draw_kernel_positions
from core.lab.convolution import compute_output_size, resolve_padding
from core.ui import url, widget
from core.ui.display import show_frame
from core.ui.lab.drawing import show_drawing

url.register(*(f"lab_{name}" for name in "nmpsd"))


def show_size() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        size = widget.slider("Input size n", 1, 64, 10, key="lab_n")
        kernel = widget.slider("Kernel size m", 1, 16, 5, key="lab_m")
        padding = widget.slider("Padding p (zeros on each side)", 0, 16, 2, key="lab_p")
        stride = widget.slider("Stride s", 1, 8, 1, key="lab_s")
        dilation = widget.slider("Dilation d", 1, 4, 1, key="lab_d")
    with right:
        outputs = compute_output_size(size, kernel, (padding, padding), stride, dilation)
        st.latex(write_output_size(size, kernel, (padding, padding), stride, dilation))
        show_drawing("staircase", draw_kernel_positions(size, kernel, padding, stride, dilation, outputs))
        st.caption(
            "Top: the input, with padding as dotted zeros. Below: one row per output value, with the weights in blue. "
            "Orange: input values that no window covers, because the formula rounds down."
        )
        st.header("Examples and named paddings", anchor=False)
        show_frame(_examples(size, kernel, stride, dilation))


def _examples(size: int, kernel: int, stride: int, dilation: int) -> pd.DataFrame:
    cases = [("Example 1", 10, 5, (2, 2), 1, 1), ("Example 2", 10, 3, (2, 2), 2, 1)]
    for name in ("full", "same", "valid"):
        pair = resolve_padding(name, size, kernel, stride, dilation)
        if size + sum(pair) > dilation * (kernel - 1):
            cases.append((f"Your input, {name}", size, kernel, pair, stride, dilation))
    return pd.DataFrame(
        [
            {
                "Case": name,
                "n": n,
                "m": m,
                "p": str(pair[0]) if pair[0] == pair[1] else f"{pair[0]} before, {pair[1]} after",
                "s": s,
                "d": d,
                "Output o": compute_output_size(n, m, pair, s, d),
            }
            for name, n, m, pair, s, d in cases
        ]
    )
