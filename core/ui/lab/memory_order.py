"""Order of the values of an image in memory: channels last and channels first."""

import streamlit as st

from core.displays.lab.memory_order import draw_channel, draw_memory
from core.displays.markdown import escape_markdown
from core.lab.memory_order import LAYOUTS, compute_offset, write_shape
from core.ui import url, widget
from core.ui.lab.drawing import show_drawings

url.register(*(f"lab_order_{name}" for name in ("row", "column", "channel")))

_HEIGHT, _WIDTH, _CHANNELS = 3, 4, ("Red", "Green", "Blue")
_USERS = {"channels_last": "Keras, TensorFlow, NumPy and Pillow", "channels_first": "PyTorch"}


def show_memory_order() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        row = widget.slider("Row", 0, _HEIGHT - 1, 1, key="lab_order_row")
        column = widget.slider("Column", 0, _WIDTH - 1, 2, key="lab_order_column")
        name = widget.segmented("Channel", list(_CHANNELS), "Green", key="lab_order_channel")
    cell = (row, column, _CHANNELS.index(name))
    with right:
        count = _HEIGHT * _WIDTH * len(_CHANNELS)
        st.markdown(f"An RGB image of {_HEIGHT} × {_WIDTH} pixels has {count} values. Cells show row and column.")
        show_drawings(
            "order-image", [(name, draw_channel(_HEIGHT, _WIDTH, c, cell)) for c, name in enumerate(_CHANNELS)]
        )
        for layout in LAYOUTS:
            shape = write_shape(_HEIGHT, _WIDTH, len(_CHANNELS), layout)
            offset = compute_offset(cell, _HEIGHT, _WIDTH, len(_CHANNELS), layout)
            st.header(f"`{layout}`", anchor=False)
            index = ", ".join(f"{i:d}" for i in (cell if layout == "channels_last" else (cell[2], row, column)))
            st.markdown(
                f"Shape {escape_markdown(str(shape))}, default of {escape_markdown(_USERS[layout])}. "
                f"Position of [{index}]: **{offset:d}**"
            )
            show_drawings(f"order-{layout}", [("Values in memory", draw_memory(_HEIGHT, _WIDTH, cell, layout))])
        st.caption(
            "The kernels of a Keras convolution have the shape (height, width, input channels, filters) in both cases. "
            "`data_format` of a layer, or `keras.config.set_image_data_format`, selects the order; TensorFlow computes "
            "convolutions on a CPU only with channels_last."
        )
