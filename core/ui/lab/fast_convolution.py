"""Multiplications of a convolutional layer: direct, through the FFT and with Winograd's algorithm."""

import numpy as np
import streamlit as st

from core.displays.lab.multiplication_chart import MAX_KERNEL, NAMES, build_multiplication_chart
from core.displays.number import format_count
from core.lab.convolution import Convolution
from core.lab.fast_convolution import correlate_fft, correlate_winograd, count_multiplications
from core.lab.matrix import format_number
from core.ui import url, widget
from core.ui.display import draw_chart

url.register(*(f"lab_fast_{name}" for name in "nmcks"))


def show_fast_convolution() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        side = widget.slider("Input size n", 4, 224, 56, key="lab_fast_n")
        kernel = widget.slider("Kernel size m", 1, MAX_KERNEL, 3, key="lab_fast_m")
        channels = widget.slider("Input channels c", 1, 512, 64, key="lab_fast_c")
        filters = widget.slider("Filters k", 1, 512, 64, key="lab_fast_k")
        batch = widget.slider("Batch size S", 1, 256, 32, key="lab_fast_s")
    counts = count_multiplications(side, kernel, channels, filters, batch)
    with right:
        st.markdown(
            "The FFT turns a convolution into a product of spectra, so its cost barely depends on the kernel size; "
            "Winograd's F(2×2, 3×3) computes 2 × 2 outputs of a 3 × 3 kernel with 16 multiplications instead of 36."
        )
        with st.container(horizontal=True):
            st.metric(NAMES[0], format_count(counts.direct), "reference", "off", delta_arrow="off", border=True)
            for name, count in ((NAMES[1], counts.fft), (NAMES[2], counts.winograd)):
                if count is not None:
                    ratio = _compare(counts.direct, count)
                    st.metric(name, format_count(count), ratio, "off", delta_arrow="off", border=True)
        draw_chart(
            build_multiplication_chart(side, kernel, channels, filters, batch),
            f"Multiplications per image by kernel size. At {kernel} × {kernel}: direct "
            f"{format_count(counts.direct)}, FFT {format_count(counts.fft)}.",
        )
        st.markdown(_check())
        st.caption(
            "Real multiplications per image, same padding, stride 1. FFT: [Mathieu, Henaff & LeCun 2013]"
            "(https://arxiv.org/abs/1312.5851), radix-2 with four real multiplications per complex one; the kernels "
            "are transformed once per batch. Winograd: [Lavin & Gray 2015](https://arxiv.org/abs/1509.09308), without "
            "the transforms, which only add and halve. Additions and memory access are not counted."
        )


def _compare(direct: int, count: int) -> str:
    ratio = direct / count
    return f"{format_number(round(ratio, 2))}× fewer" if ratio >= 1 else f"{format_number(round(1 / ratio, 2))}× more"


@st.cache_data(show_spinner=False)
def _check() -> str:
    """Compare the results of the three algorithms for a random input."""
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(28, 28)), rng.normal(size=(3, 3))
    direct = Convolution.of(x, kernel, "valid", flip=False).output
    outputs = correlate_fft(x, kernel), correlate_winograd(x, kernel).output
    largest = max(float(np.abs(direct - output).max()) for output in outputs)
    text = format_number(float(f"{largest:.0e}")) if largest > 1e-12 else "below 10⁻¹²"
    return f"All three give the same result: on a 28 × 28 map the largest difference is {text}."
