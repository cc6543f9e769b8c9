"""Augmentation: what training sees of an image, and what each transform does."""

import streamlit as st

from core.ui.augmentation.pipeline import pick_images, show_pipeline, show_transforms

st.title("Augmentation", anchor=False)
st.markdown("#### In every epoch, training sees each image changed anew; validation and test images stay as they are.")
if chosen := pick_images():
    show_pipeline(chosen)
    show_transforms(chosen)
