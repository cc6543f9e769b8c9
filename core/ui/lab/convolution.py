"""1D and 2D convolution step by step, with the results of NumPy and SciPy for comparison."""

from dataclasses import replace

import streamlit as st

from core.displays.lab.agreement import write_agreement, write_flip
from core.displays.lab.convolution_strip import draw_strip
from core.displays.lab.formula import write_output_size, write_step
from core.displays.lab.grid import draw_grid
from core.lab import sample
from core.lab.convolution import Convolution, Padding, PerAxis
from core.lab.kernel import EXAMPLE_1D, EXAMPLE_2D
from core.lab.reference import compute_reference
from core.ui.lab.drawing import show_drawing, show_drawings
from core.ui.lab.inputs import (
    choose_axes,
    choose_flip,
    choose_kernel_1d,
    choose_kernel_2d,
    choose_map,
    choose_padding,
    choose_signal,
    choose_sliding,
    choose_step,
)

_WIDE, _NARROW, _THIRD = 900, 216, 196
_MIN_CELL, _MAX_CELL = 22, 40  # pixels per weight


def show_signal() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x, kernel = choose_signal(), choose_kernel_1d(EXAMPLE_1D)
        padding = choose_padding(2, key="1d")
        stride, dilation = choose_sliding(key="1d")
        flip = choose_flip(key="1d")
    with right:
        convolution = Convolution.of(x, kernel, padding, stride, dilation, flip)
        step = choose_step(convolution.steps, key="1d")
        show_drawing("strip", draw_strip(convolution, step))
        st.markdown(write_step(convolution, step))
        _show_sizes(convolution)
        _show_results(convolution, padding)


def show_image() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        x, kernel = choose_map(sample.EXAMPLE_2D, key="2d"), choose_kernel_2d(EXAMPLE_2D)
        axes = choose_axes(key="2d")
        padding = choose_padding(1, key="2d", axes=axes)
        stride, dilation = choose_sliding(key="2d", axes=axes)
        flip = choose_flip(key="2d")
    with right:
        convolution = Convolution.of(x, kernel, padding, stride, dilation, flip)
        step = choose_step(convolution.steps, key="2d")
        window = {(row, column) for row, column in convolution.window(step)}
        output = {(row, column) for row, column in [convolution.position(step)]}
        cell = min(max(_NARROW / max(convolution.padded.shape), _MIN_CELL), _MAX_CELL)
        padded = " with zero padding" if any(map(any, convolution.padding)) else ""
        show_drawings(
            "image",
            [
                (
                    f"Image{padded}",
                    draw_grid(convolution.padded, "Image", window=window, margin=convolution.padding, side=_NARROW),
                ),
                "∗" if flip else "⋆",
                (
                    f"Kernel{' (flipped)' if flip else ''}",
                    draw_grid(convolution.applied, "Kernel", signed=True, side=cell * max(kernel.shape)),
                ),
                "=",
                (
                    "Output so far",
                    draw_grid(convolution.output, "Output", window=output, filled=step + 1, side=_NARROW),
                ),
            ],
        )
        st.markdown(write_step(convolution, step))
        _show_sizes(convolution)
        _show_results(convolution, padding)


def _show_sizes(convolution: Convolution) -> None:
    """Show the output size formula, once if all axes are equal."""
    names = ("rows", "columns") if len(set(convolution.axes)) > 1 else ("",)
    for name, axis in zip(names, convolution.axes, strict=False):
        st.latex(write_output_size(*axis, name))


def _show_results(convolution: Convolution, padding: Padding | PerAxis) -> None:
    st.header("Comparison of results", anchor=False)
    library = compute_reference(convolution, padding)
    other = replace(convolution, flip=not convolution.flip)
    names = {True: "Convolution", False: "Cross-correlation, as in deep-learning frameworks"}
    results = [
        (f"{names[convolution.flip]}, computed step by step", convolution.output),
        (library.call, library.output),
        (f"{names[other.flip]}, computed step by step", other.output),
    ]
    side = _WIDE if convolution.x.ndim == 1 else _THIRD
    show_drawings(
        "results",
        [(name, draw_grid(values.reshape(-1, values.shape[-1]), name, side=side)) for name, values in results],
    )
    st.markdown(f"{write_agreement(convolution.output, library.output)} {write_flip(convolution.output, other.output)}")
