"""Draw your own: what the heads of the comparison say to an image that nobody has tested them on."""

import streamlit as st

from core.ui.draw.predictions import show_draw
from core.ui.frame import need_comparison
from core.ui.session import chosen_comparison

st.title("Draw your own", anchor=False)
if need_comparison() and (comparison := chosen_comparison()):
    show_draw(comparison)
