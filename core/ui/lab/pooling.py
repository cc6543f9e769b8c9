"""Max and mean pooling step by step, local invariance, strided convolution and global pooling."""

import numpy as np
import streamlit as st

from core.displays.lab.agreement import count_same
from core.displays.lab.formula import write_output_size
from core.displays.lab.grid import draw_grid
from core.displays.markdown import escape_markdown
from core.lab.convolution import Convolution, PerAxis, Values, repeat_axes
from core.lab.matrix import format_number
from core.lab.pooling import REDUCTIONS, compute_twin, lay_windows, pool, pool_globally
from core.lab.sample import EXAMPLE_STRIDED
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings
from core.ui.lab.inputs import choose_axes, choose_map, choose_matrix, choose_per_axis, choose_step, choose_vector

url.register(
    *(f"lab_pool_{name}" for name in ("window", "window2", "stride", "stride2", "step", "seed", "weights")),
    *(f"lab_pool1_{name}" for name in ("x", "window", "stride", "step")),
)

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
_LARGE, _SMALL, _WIDE = 250, 200, 480  # pixels per side of a map


def show_map_pooling() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x, window, stride = _choose_pooling()
    with right:
        layout = lay_windows(x, window, stride)
        _show_windows(layout, x, choose_step(layout.steps, key="pool"), _LARGE)
        axes = [*zip(x.shape, layout.kernel.shape, layout.stride, strict=True)]
        names = ("rows", "columns") if axes[0] != axes[1] else ("",)
        for name, (n, m, s) in zip(names, axes, strict=False):
            st.latex(write_output_size(n, m, (0, 0), s, 1, name))


def show_signal_pooling() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x = choose_vector("Values of x", "signal", EXAMPLE_STRIDED, key="lab_pool1_x", max_length=24)
        window = widget.slider("Window", 1, 6, 2, key="lab_pool1_window")
        stride = widget.slider("Stride", 1, 6, 2, key="lab_pool1_stride")
        _describe_windows(window, stride)
    with right:
        layout = lay_windows(x, window, stride)
        step = choose_step(layout.steps, key="pool1")
        row = lay_windows(x[np.newaxis], (1, window), (1, stride))
        _show_windows(row, x[np.newaxis], step, _WIDE)
        values = ", ".join(format_number(float(value)) for value in x[step * stride : step * stride + window])
        largest, mean = (format_number(float(pool(x, window, stride, name)[step])) for name in REDUCTIONS)
        st.markdown(f"Window {step + 1}: max({values}) = **{largest}**, mean({values}) = **{mean}**")
        st.latex(write_output_size(len(x), window, (0, 0), stride, 1))


def show_invariance() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x, window, stride = _choose_pooling()
        seed = widget.slider("Seed of another input with the same maxima", 1, 20, 1, key="lab_pool_seed")
    with right:
        twin = compute_twin(x, window, seed)
        scale = _SMALL / max(x.shape)
        results = [(name, pool(x, window, stride, name), pool(twin, window, stride, name)) for name in REDUCTIONS]
        for index, (title, values) in enumerate((("Map", x), ("Other map", twin)), 1):
            pooled = [(name.capitalize(), (one, other)[index - 1]) for name, one, other in results]
            show_drawings(
                f"twin-{index}",
                [
                    (title, draw_grid(values, title, side=_SMALL)),
                    "→",
                    *(
                        (f"{name} pooling", draw_grid(output, f"{name} pooling", side=scale * max(output.shape)))
                        for name, output in pooled
                    ),
                ],
            )
        moved = x.size - count_same(x, twin)
        same = [
            f"**{count_same(one, other):d} of {one.size:d}** for {escape_markdown(name)} pooling"
            for name, one, other in results
        ]
        note = "" if repeat_axes(stride, 2) == repeat_axes(window, 2) else (
            " At this stride, the windows differ from the tiles in which values were moved."
        )  # fmt: skip
        st.markdown(
            f"{moved:d} of {x.size:d} input values differ. Equal outputs: {', '.join(same)}. Max pooling does not "
            f"depend on the position of the maximum within its window (local invariance).{note}"
        )


def show_strided_convolution() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x = choose_map(_EXAMPLE, key="pool", pictures=False)
        kernel = choose_matrix("Weights", "weights", np.full((2, 2), 0.25), key="lab_pool_weights")
    with right:
        layer = Convolution.of(x, kernel, "valid", stride=2, flip=False)
        mean = pool(x, kernel.shape, 2, "mean")
        title = f"Mean pooling {' × '.join(map(str, kernel.shape))}, stride 2"
        show_drawings(
            "weights",
            [
                ("Map", draw_grid(x, "Map", side=_LARGE)),
                "⋆",
                ("Weights", draw_grid(kernel, "Weights", signed=True, side=120)),
                "=",
                ("Convolution with stride 2", draw_grid(layer.output, "Convolution with stride 2", side=_SMALL)),
                (title, draw_grid(mean, title, side=_SMALL)),
            ],
        )
        agreement = "equal" if count_same(layer.output, mean) == mean.size else "different"
        st.markdown(
            f"Mean pooling equals a convolution with all weights 1/{kernel.size}. With the weights above, the results "
            f"are {agreement}. A convolutional layer with stride 2 learns its weights: it is pooling with weights."
        )


def show_global_pooling() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x = choose_map(_EXAMPLE, key="pool", pictures=False)
    with right:
        show_drawings(
            "global",
            [
                ("Map", draw_grid(x, "Map", window=[], side=_LARGE)),
                "→",
                *(
                    (title, draw_grid(np.array([[pool_globally(x, name)]]), title, side=70))
                    for title, name in zip(("Global max pooling", "Global average pooling"), REDUCTIONS, strict=True)
                ),
            ],
        )
        st.markdown(
            f"The window covers the whole map ({' × '.join(f'{side:d}' for side in x.shape)}) "
            f"and reduces {x.size} values to one, without parameters. "
            "A GAP or GMP head does this with every feature map."
        )


def _choose_pooling() -> tuple[Values, PerAxis, PerAxis]:
    """Return the map, the window and the stride."""
    x = choose_map(_EXAMPLE, key="pool", pictures=False)
    axes = choose_axes(key="pool")
    window = choose_per_axis("Window", ("Window height", "Window width"), 1, 6, 2, key="lab_pool_window", axes=axes)
    labels = "Stride of rows", "Stride of columns"
    stride = choose_per_axis("Stride", labels, 1, 6, 2, key="lab_pool_stride", axes=axes)
    _describe_windows(window, stride)
    return x, window, stride


def _describe_windows(window: PerAxis, stride: PerAxis) -> None:
    """Show whether the windows overlap along any axis, leave gaps along any axis, or are adjacent."""
    steps, sides = (repeat_axes(value, 2) for value in (stride, window))
    gaps = [step - side for step, side in zip(steps, sides, strict=True)]
    kind = "overlap" if min(gaps) < 0 else "leave gaps" if max(gaps) > 0 else "are adjacent"
    st.caption(f"The windows {kind}. In most frameworks, the default stride equals the window size.")


def _show_windows(layout: Convolution, x: Values, step: int, side: float) -> None:
    """Show the map with the window of a step, and the results up to it."""
    output = [layout.position(step)]
    scale = side / max(x.shape)
    show_drawings(
        "pool",
        [
            ("Map" if len(x) > 1 else "Signal", draw_grid(x, "Map", window=set(layout.window(step)), side=side)),
            "→",
            *(
                (
                    title,
                    draw_grid(
                        pool(x, layout.kernel.shape, layout.stride, name),
                        title,
                        window=output,
                        filled=step + 1,
                        side=scale * max(layout.shape),
                    ),
                )
                for title, name in zip(("Max pooling", "Mean pooling"), REDUCTIONS, strict=True)
            ),
        ],
    )
