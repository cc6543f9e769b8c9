"""Convolution lab: what the layers compute, to be tried out number by number; nothing is trained."""

import streamlit as st

from core.ui.lab.topic import show_topic

st.title("Convolution lab", anchor=False)
st.caption("What the layers compute, number by number. Change any input; nothing is trained.")
show_topic()
