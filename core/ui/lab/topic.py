"""Topic picker of the Convolution lab. Only the selected topic runs, as a fragment."""

import streamlit as st

from core.ui import url, widget
from core.ui.errors import handle_errors
from core.ui.lab.channels import show_channels
from core.ui.lab.convolution import show_image, show_signal
from core.ui.lab.image_file import show_image_file
from core.ui.lab.loss import show_losses
from core.ui.lab.output_size import show_size
from core.ui.lab.pooling import show_pooling
from core.ui.lab.regularization import show_regularization

url.register("lab_topic")

TOPICS = {
    "1D convolution": show_signal,
    "2D convolution": show_image,
    "Output size": show_size,
    "Pooling": show_pooling,
    "Channels": show_channels,
    "Image files": show_image_file,
    "Regularization": show_regularization,
    "Losses": show_losses,
}


@st.fragment
def show_topic() -> None:
    selected = widget.segmented("Topic", list(TOPICS), key="lab_topic", label_visibility="collapsed")
    with handle_errors():
        TOPICS[selected]()
