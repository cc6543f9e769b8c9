"""Max and mean pooling step by step, local invariance, strided convolution and global pooling."""

import numpy as np
import streamlit as st

from core.displays.lab.agreement import count_same
from core.displays.lab.formula import write_output_size
from core.displays.lab.grid import draw_grid
from core.lab.convolution import Convolution, Values
from core.lab.matrix import format_number
from core.lab.pooling import compute_twin, lay_windows, pool, pool_globally
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings
from core.ui.lab.inputs import choose_map, choose_matrix, choose_step

url.register(*(f"lab_pool_{name}" for name in ("window", "stride", "step", "seed", "weights")))

_EXAMPLE = np.array(
    [
        [7.0, 1, 0, 2, 3, 1],
        [2, 4, 5, 1, 0, 2],
        [0, 3, 6, 2, 1, 8],
        [1, 2, 1, 3, 4, 2],
        [5, 0, 2, 9, 1, 0],
        [3, 1, 4, 2, 2, 6],
    ]
)
_LARGE, _SMALL = 250, 160  # pixels per side of a map


def show_pooling() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x = choose_map(_EXAMPLE, key="pool", pictures=False)
        window = widget.slider("Window", 1, 6, 2, key="lab_pool_window")
        stride = widget.slider("Stride", 1, 6, 2, key="lab_pool_stride")
        kind = "overlap" if stride < window else "are adjacent" if stride == window else "leave gaps"
        st.caption(f"The windows {kind}. In most frameworks, the default stride equals the window size.")
    with right:
        layout = lay_windows(x, window, stride)
        step = choose_step(layout.steps, key="pool")
        cells = {(row, column) for row, column in layout.window(step)}
        output = {(row, column) for row, column in [layout.position(step)]}
        largest, mean = pool(x, window, stride, "max"), pool(x, window, stride, "mean")
        scale = _LARGE / max(x.shape)
        show_drawings(
            "pool",
            [
                ("Map", draw_grid(x, "Map", window=cells, side=_LARGE)),
                "→",
                (
                    "Max pooling",
                    draw_grid(largest, "Max pooling", window=output, filled=step + 1, side=scale * max(layout.shape)),
                ),
                (
                    "Mean pooling",
                    draw_grid(mean, "Mean pooling", window=output, filled=step + 1, side=scale * max(layout.shape)),
                ),
            ],
        )
        st.latex(write_output_size(x.shape[0], window, (0, 0), stride, 1))
        _show_invariance(x, window, stride)
        _show_weights(x)
        _show_global(x)


def _show_invariance(x: Values, window: int, stride: int) -> None:
    st.header("Local invariance of max pooling", anchor=False)
    seed = widget.slider("Seed of another input with the same maxima", 1, 20, 1, key="lab_pool_seed")
    twin = compute_twin(x, window, seed)
    scale = _SMALL / max(x.shape)
    results = {name: (pool(x, window, stride, name), pool(twin, window, stride, name)) for name in ("max", "mean")}
    show_drawings(
        "twin",
        [
            ("Map from above", draw_grid(x, "Map", side=_SMALL)),
            ("Other map", draw_grid(twin, "Other map", side=_SMALL)),
            "→",
            (
                "Max pooling of the other map",
                draw_grid(results["max"][1], "Max pooling", side=scale * max(results["max"][1].shape)),
            ),
            (
                "Mean pooling of the other map",
                draw_grid(results["mean"][1], "Mean pooling", side=scale * max(results["mean"][1].shape)),
            ),
        ],
    )
    moved = x.size - count_same(x, twin)
    most, mean = results["max"], results["mean"]
    st.markdown(
        f"{moved:d} of {x.size} input values differ. Equal outputs: **{count_same(*most):d} of {most[0].size}** for "
        f"max pooling, **{count_same(*mean):d} of {mean[0].size}** for mean pooling. Max pooling does not depend on "
        "the position of the maximum within its window (local invariance)."
        + ("" if stride == window else " At this stride, the windows differ from the tiles in which values were moved.")
    )


def _show_weights(x: Values) -> None:
    st.header("Convolution with stride 2 as learned pooling", anchor=False)
    kernel = choose_matrix("Weights", "weights", np.full((2, 2), 0.25), key="lab_pool_weights")
    layer = Convolution.of(x, kernel, "valid", stride=2, flip=False)
    drawings: list[tuple[str, str] | str] = [
        ("Weights", draw_grid(kernel, "Weights", signed=True, side=120)),
        ("Convolution with stride 2", draw_grid(layer.output, "Weighted pooling", side=_SMALL)),
    ]
    if kernel.shape[0] == kernel.shape[1]:
        mean = pool(x, len(kernel), 2, "mean")
        drawings.append((f"Mean pooling {len(kernel)}×{len(kernel)}, stride 2", draw_grid(mean, "Mean", side=_SMALL)))
        same = count_same(layer.output, mean) == mean.size
    show_drawings("weights", drawings)
    if kernel.shape[0] == kernel.shape[1]:
        agreement = "equal" if same else "different"
        st.markdown(
            f"Mean pooling equals a convolution with all weights 1/{len(kernel) ** 2}. With the weights above, the "
            f"results are {agreement}. A convolutional layer with stride 2 learns its weights."
        )


def _show_global(x: Values) -> None:
    st.header("Global pooling", anchor=False)
    rows, columns = x.shape
    with st.container(horizontal=True):
        st.metric("Global max pooling", format_number(pool_globally(x, "max")), border=True)
        st.metric("Global average pooling", format_number(pool_globally(x, "mean")), border=True)
    st.markdown(
        f"The window covers the whole map ({rows} × {columns}) and reduces {x.size} values to one, without parameters. "
        "A GAP or GMP head does this with every feature map."
    )
