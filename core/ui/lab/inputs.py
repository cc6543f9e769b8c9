"""Inputs that several topics share: signals, images, kernels, padding, stride and dilation."""

import numpy as np
import streamlit as st

from core.displays.markdown import escape_markdown
from core.image_file import Pixels, compute_grey, read_picture, shrink_picture
from core.image_format import FORMAT_NAMES
from core.lab import sample
from core.lab.convolution import PADDINGS, Padding, PerAxis, Values
from core.lab.kernel import KERNELS_1D, KERNELS_2D
from core.lab.matrix import format_matrix, parse_matrix, parse_vector
from core.ui import url, widget

url.register(
    "lab_signal",
    "lab_kernel1",
    "lab_kernel2",
    "lab_x",
    "lab_w",
    "lab_w2",
    *(f"lab_{axes}_{name}" for axes in ("1d", "2d") for name in ("padding", "p", "s", "d", "operation", "step")),
    *(f"lab_{use}_axes" for use in ("2d", "pool")),
    *(f"lab_2d_{name}2" for name in "psd"),
    *(f"lab_{use}_{name}" for use in ("2d", "pool") for name in ("image", "x", "scan")),
)

CUSTOM, DIGIT, UPLOADED = "custom", "handwritten digit", "uploaded image"
_SIDE = 128  # pixels per side of an image to convolve


def choose_vector(label: str, name: str, default: Values, *, key: str, max_length: int = 64) -> Values:
    return parse_vector(widget.text(label, format_matrix(default), key=key), name, max_length=max_length)


def choose_matrix(label: str, name: str, default: Values, *, key: str) -> Values:
    text = widget.text(
        label,
        format_matrix(default),
        key=key,
        lines=min(len(default), 7),
        help="Numbers separated by spaces, one row per line. Printed NumPy arrays and Python lists are accepted.",
    )
    return parse_matrix(text, name)


def choose_signal() -> Values:
    name = widget.selectbox("Signal x", [CUSTOM, *sample.SIGNALS], key="lab_signal")
    if name == CUSTOM:
        return choose_vector("Values of x", "signal", sample.EXAMPLE_1D, key="lab_x")
    return sample.SIGNALS[name]


def choose_kernel_1d(default: Values) -> Values:
    name = widget.selectbox("Kernel w", [CUSTOM, *KERNELS_1D], key="lab_kernel1")
    if name == CUSTOM:
        return choose_vector("Values of w", "kernel", default, key="lab_w")
    return KERNELS_1D[name]


def choose_kernel_2d(default: Values) -> Values:
    name = widget.selectbox("Kernel W", [CUSTOM, *KERNELS_2D], key="lab_kernel2")
    if name == CUSTOM:
        return choose_matrix("Rows of W", "kernel", default, key="lab_w2")
    return KERNELS_2D[name]


def choose_map(default: Values, *, key: str, pictures: bool = True) -> Values:
    """Return a single-channel map, float64 of shape (rows, columns): custom values, a pattern, a digit or an image."""
    photos = [*sample.PHOTOS, UPLOADED] if pictures else []
    name = widget.selectbox("Image X", [CUSTOM, *sample.PATTERNS, DIGIT, *photos], key=f"lab_{key}_image")
    if name == CUSTOM:
        return choose_matrix("Rows of X", "image", default, key=f"lab_{key}_x")
    if name == DIGIT:
        return _load_digit(widget.number("Digit index", 0, 1796, key=f"lab_{key}_scan"))
    if name in sample.PATTERNS:
        return sample.PATTERNS[name]
    pixels = load_small(upload(key=f"lab_{key}_file") if name == UPLOADED else sample.read_photo(name), _SIDE)
    st.caption(f"Grayscale, resized to {pixels.shape[1]}×{pixels.shape[0]} pixels.")
    return compute_grey(pixels)[..., 0].astype(np.float64)


def choose_photo(*, key: str) -> bytes:
    """Return the bytes of an image file: an uploaded image or a bundled photo."""
    names = [*sample.PHOTOS, UPLOADED]
    name = widget.selectbox("Image", names, key=f"lab_{key}_photo")
    if name == UPLOADED:
        return upload(key=f"lab_{key}_file")
    st.caption(f"Photo: {sample.PHOTOS[name]}, CC BY 2.0, from scikit-learn.")
    return sample.read_photo(name)


def upload(*, key: str) -> bytes:
    """Return the bytes of an uploaded file; stop the script run until a file is uploaded."""
    file = st.file_uploader("Image file", key=key, max_upload_size=30, help=f"{FORMAT_NAMES}.")
    if file is None:
        st.info("Upload an image file. It is processed on this machine and is not stored.")
        st.stop()
    return file.getvalue()


@st.cache_data(show_spinner=False, max_entries=16)
def load_small(data: bytes, side: int) -> Pixels:
    return shrink_picture(read_picture(data), side)


@st.cache_data(show_spinner=False, max_entries=8)
def load_square(name: str, side: int) -> Pixels:
    """Return the center of a bundled photo, uint8 of shape (side, side, 3)."""
    pixels = read_picture(sample.read_photo(name))
    edge = min(pixels.shape[:2])
    top, left = ((size - edge) // 2 for size in pixels.shape[:2])
    return shrink_picture(pixels[top : top + edge, left : left + edge], side)


def limit_state(key: str, highest: int) -> None:
    """Limit the value of a slider that is left over from a larger range."""
    if isinstance(value := st.session_state.get(key), int) and value > highest:
        st.session_state[key] = highest


@st.cache_data(show_spinner=False, max_entries=64)
def _load_digit(number: int) -> Values:
    return sample.load_digit(number)


def choose_axes(*, key: str) -> bool:
    """Return whether rows and columns have separate values."""
    return widget.toggle("Separate axes", key=f"lab_{key}_axes", help="Different values for rows and columns.")


def choose_per_axis(
    label: str, labels: tuple[str, str], low: int, high: int, default: int, *, key: str, axes: bool,
    help: str | None = None,
) -> PerAxis:  # fmt: skip
    """Return a number for both axes, or with `axes` one for the rows and one for the columns."""
    rows = widget.slider(escape_markdown(labels[0] if axes else label), low, high, default, key=key, help=help)
    if not axes:
        return rows
    return rows, widget.slider(escape_markdown(labels[1]), low, high, default, key=f"{key}2", help=help)


def choose_padding(default: int, *, key: str, axes: bool = False) -> Padding | PerAxis:
    chosen = widget.segmented(
        "Padding p",
        [*PADDINGS, CUSTOM],
        CUSTOM,
        key=f"lab_{key}_padding",
        help="Zeros around the input. full: every overlap. same: output size equals input size (at stride 1). "
        "valid: no padding. custom: number of zeros on each side.",
    )
    if chosen in PADDINGS:
        return chosen
    labels = "Zeros above and below", "Zeros left and right"
    return choose_per_axis("Zeros on each side", labels, 0, 8, default, key=f"lab_{key}_p", axes=axes)


def choose_sliding(*, key: str, axes: bool = False) -> tuple[PerAxis, PerAxis]:
    """Return stride and dilation."""
    left, right = st.columns(2)
    with left:
        labels = "Stride of rows", "Stride of columns"
        stride = choose_per_axis("Stride s", labels, 1, 4, 1, key=f"lab_{key}_s", axes=axes)
    with right:
        labels = "Dilation of rows", "Dilation of columns"
        dilation = choose_per_axis(
            "Dilation d", labels, 1, 4, 1, key=f"lab_{key}_d", axes=axes, help="Distance between neighboring weights."
        )
    return stride, dilation


def choose_flip(*, key: str) -> bool:
    chosen = widget.segmented(
        "Operation",
        ["convolution", "cross-correlation"],
        key=f"lab_{key}_operation",
        help="A convolution flips the kernel. Deep-learning frameworks do not, but call the operation convolution.",
    )
    return chosen != "cross-correlation"


def choose_step(steps: int, *, key: str) -> int:
    """Return the index of a step, from 0."""
    if steps == 1:
        st.caption("One step: the window has only one position.")
        return 0
    name = f"lab_{key}_step"
    limit_state(name, steps)
    return widget.slider(f"Step of {steps:,}", 1, steps, min(6, steps), key=name) - 1
