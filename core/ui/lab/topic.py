"""Topic picker of the Convolution lab. Only the selected section of the selected topic runs, as a fragment."""

from collections.abc import Callable

import streamlit as st

from core.ui import url, widget
from core.ui.errors import handle_errors
from core.ui.lab.binary_output import show_binary_output
from core.ui.lab.channels import show_channel_sum, show_output_maps
from core.ui.lab.connectivity import show_connectivity
from core.ui.lab.convolution import show_image, show_signal
from core.ui.lab.ensemble import show_ensemble
from core.ui.lab.fast_convolution import show_fast_convolution
from core.ui.lab.image_file import show_image_file
from core.ui.lab.input_use import show_input_use
from core.ui.lab.layer_cost import show_layer_cost
from core.ui.lab.loss import show_cross_entropy
from core.ui.lab.memory_order import show_memory_order
from core.ui.lab.output_size import show_size
from core.ui.lab.pooling import (
    show_global_pooling,
    show_invariance,
    show_map_pooling,
    show_signal_pooling,
    show_strided_convolution,
)
from core.ui.lab.receptive_field import show_receptive_field
from core.ui.lab.regularization import show_dropout, show_penalties

TOPICS: dict[str, dict[str, Callable[[], None]]] = {
    "1D convolution": {"": show_signal},
    "2D convolution": {"": show_image},
    "Padding": {"Output size": show_size, "Input use": show_input_use},
    "Pooling": {
        "2D": show_map_pooling,
        "1D": show_signal_pooling,
        "Local invariance": show_invariance,
        "Strided convolution": show_strided_convolution,
        "Global pooling": show_global_pooling,
    },
    "Channels": {
        "Sum over channels": show_channel_sum,
        "Several output maps": show_output_maps,
        "Parameters": show_layer_cost,
        "Connectivity": show_connectivity,
        "Memory order": show_memory_order,
    },
    "Receptive field": {"": show_receptive_field},
    "Fast algorithms": {"": show_fast_convolution},
    "Image files": {"": show_image_file},
    "Regularization": {"L1 and L2": show_penalties, "Dropout": show_dropout, "Ensemble": show_ensemble},
    "Losses": {"Cross-entropy": show_cross_entropy, "Sigmoid or softmax": show_binary_output},
}
"""Sections by topic. The name of the only section of a topic is empty."""

url.register("lab_topic", *(f"lab_{topic.lower()}_section" for topic, sections in TOPICS.items() if len(sections) > 1))


@st.fragment
def show_topic() -> None:
    topic = widget.segmented("Topic", list(TOPICS), key="lab_topic", label_visibility="collapsed")
    sections = TOPICS[topic]
    section = ""
    if len(sections) > 1:
        key = f"lab_{topic.lower()}_section"
        section = widget.segmented("Section", list(sections), key=key, label_visibility="collapsed")
    with handle_errors():
        sections[section]()
