"""Convolution lab page: interactive calculations of single layers, without training."""

import streamlit as st

from core.ui.lab.topic import show_topic

st.title("Convolution lab", anchor=False)
st.caption("Step-by-step calculations of layers. Change any input to update the result; nothing is trained.")
show_topic()
