"""Which topic of the lab is shown; only the chosen one runs, and a slider reruns no more than this."""

import streamlit as st

from core.ui import link
from core.ui.frame import errors_as_sentences
from core.ui.lab.channel import show_channels
from core.ui.lab.loss import show_losses
from core.ui.lab.picture import show_picture
from core.ui.lab.pool import show_pooling
from core.ui.lab.regularization import show_regularization
from core.ui.lab.size import show_size
from core.ui.lab.slide import show_image, show_signal

TOPICS = {
    "1D convolution": show_signal,
    "2D convolution": show_image,
    "Output size": show_size,
    "Pooling": show_pooling,
    "Channels": show_channels,
    "Pictures": show_picture,
    "Regularization": show_regularization,
    "Losses": show_losses,
}


@st.fragment
def show_topic() -> None:
    chosen = link.segmented("Topic", list(TOPICS), key="lab_topic", label_visibility="collapsed")
    with errors_as_sentences():
        TOPICS[chosen]()
