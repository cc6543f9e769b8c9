"""Draw your own page: live predictions of all heads for a drawing, an image file or a photo."""

import streamlit as st

from core.ui.draw.predictions import show_draw
from core.ui.frame import require_comparison
from core.ui.session import selected_comparison

st.title("Draw your own", anchor=False)
if require_comparison() and (comparison := selected_comparison()):
    show_draw(comparison)
