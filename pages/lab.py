"""Convolution lab page: interactive calculations of single layers, without training."""

import streamlit as st

from core.ui.heading import show_title
from core.ui.lab.topic import show_topic

show_title("Convolution lab")
st.caption("Step-by-step calculations of layers. Change any input to update the result; nothing is trained.")
show_topic()
