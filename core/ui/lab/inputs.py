"""What the lab's topics ask for in the same way: signals, images, kernels, and how a kernel slides."""

import numpy as np
import streamlit as st

from core.image_file import Pixels, compute_grey, read_picture, shrink_picture
from core.lab import sample
from core.lab.convolution import PADDINGS, Padding, Values
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
    *(f"lab_{use}_{name}" for use in ("2d", "pool") for name in ("image", "x", "scan")),
)

TYPED, DIGIT, MINE = "typed", "a scanned digit", "a picture of mine"
_OWN = "own"
_SIDE = 128  # pixels of a picture that is convolved


def type_vector(label: str, name: str, default: Values, *, key: str, max_length: int = 64) -> Values:
    return parse_vector(widget.text(label, format_matrix(default), key=key), name, max_length=max_length)


def type_matrix(label: str, name: str, default: Values, *, key: str) -> Values:
    text = widget.text(
        label,
        format_matrix(default),
        key=key,
        lines=min(len(default), 7),
        help="Numbers parted by spaces, a line a row. What NumPy or Python prints can be pasted.",
    )
    return parse_matrix(text, name)


def choose_signal() -> Values:
    name = widget.selectbox("Signal x", [TYPED, *sample.SIGNALS], key="lab_signal")
    if name == TYPED:
        return type_vector("Numbers of x", "signal", sample.EXAMPLE_1D, key="lab_x")
    return sample.SIGNALS[name]


def choose_kernel_1d(default: Values) -> Values:
    name = widget.selectbox("Kernel w", [TYPED, *KERNELS_1D], key="lab_kernel1")
    if name == TYPED:
        return type_vector("Numbers of w", "kernel", default, key="lab_w")
    return KERNELS_1D[name]


def choose_kernel_2d(default: Values) -> Values:
    name = widget.selectbox("Kernel W", [TYPED, *KERNELS_2D], key="lab_kernel2")
    if name == TYPED:
        return type_matrix("Rows of W", "kernel", default, key="lab_w2")
    return KERNELS_2D[name]


def choose_map(default: Values, *, key: str, pictures: bool = True) -> Values:
    """A map of one channel, float64 of shape (rows, columns): typed, a pattern, a digit or a picture in grey."""
    photos = [*sample.PHOTOS, MINE] if pictures else []
    name = widget.selectbox("Image X", [TYPED, *sample.PATTERNS, DIGIT, *photos], key=f"lab_{key}_image")
    if name == TYPED:
        return type_matrix("Rows of X", "image", default, key=f"lab_{key}_x")
    if name == DIGIT:
        return _load_digit(widget.number("Scan", 0, 1796, key=f"lab_{key}_scan"))
    if name in sample.PATTERNS:
        return sample.PATTERNS[name]
    pixels = load_small(upload(key=f"lab_{key}_file") if name == MINE else sample.read_photo(name), _SIDE)
    st.caption(f"In grey, shrunk to {pixels.shape[1]} × {pixels.shape[0]} pixels.")
    return compute_grey(pixels)[..., 0].astype(np.float64)


def choose_photo(*, key: str) -> bytes:
    """The bytes of an image file: an uploaded one, or a photograph at hand."""
    names = [*sample.PHOTOS, MINE]
    name = widget.selectbox("Picture", names, key=f"lab_{key}_photo")
    if name == MINE:
        return upload(key=f"lab_{key}_file")
    st.caption(f"Photograph: {sample.PHOTOS[name]}, CC BY 2.0, comes with scikit-learn.")
    return sample.read_photo(name)


def upload(*, key: str) -> bytes:
    """The bytes of an uploaded file; until there is one, this topic ends here."""
    file = st.file_uploader("Image file", key=key, max_upload_size=30, help="PNG, JPEG, GIF, WebP, BMP, TIFF or PPM.")
    if file is None:
        st.info("Choose an image file. It stays on this machine and is not kept.")
        st.stop()
    return file.getvalue()


@st.cache_data(show_spinner=False, max_entries=16)
def load_small(data: bytes, side: int) -> Pixels:
    return shrink_picture(read_picture(data), side)


@st.cache_data(show_spinner=False, max_entries=64)
def _load_digit(number: int) -> Values:
    return sample.load_digit(number)


def choose_padding(default: int, *, key: str) -> Padding | int:
    chosen = widget.segmented(
        "Padding p",
        [*PADDINGS, _OWN],
        _OWN,
        key=f"lab_{key}_padding",
        help="Zeros round the input. full: every overlap counts. same: an output as large as the input (at stride 1). "
        "valid: none. own: a number of your choice.",
    )
    if chosen in PADDINGS:
        return chosen
    return widget.slider("Zeros on each side", 0, 8, default, key=f"lab_{key}_p")


def choose_sliding(*, key: str) -> tuple[int, int]:
    """Stride and dilation."""
    left, right = st.columns(2)
    with left:
        stride = widget.slider("Stride s", 1, 4, 1, key=f"lab_{key}_s")
    with right:
        dilation = widget.slider("Dilation d", 1, 4, 1, key=f"lab_{key}_d", help="How far apart the weights stand.")
    return stride, dilation


def choose_flip(*, key: str) -> bool:
    chosen = widget.segmented(
        "Operation",
        ["convolution", "cross-correlation"],
        key=f"lab_{key}_operation",
        help="A convolution turns the kernel round first. Deep-learning frameworks do not, and call it convolution.",
    )
    return chosen != "cross-correlation"


def choose_step(steps: int, *, key: str) -> int:
    """A step counted from 0."""
    if steps == 1:
        st.caption("One step: the window stands in one place.")
        return 0
    name = f"lab_{key}_step"
    if isinstance(asked := st.session_state.get(name), int) and asked > steps:
        st.session_state[name] = steps  # of a longer output before
    return widget.slider(f"Step of {steps:,}", 1, steps, min(6, steps), key=name) - 1
