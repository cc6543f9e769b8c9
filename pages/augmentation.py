"""Augmentation page: training images under a pipeline of random transforms."""

import streamlit as st

from core.ui.augmentation.images import choose_images
from core.ui.augmentation.pipeline import show_pipeline
from core.ui.augmentation.transforms import show_transforms
from core.ui.heading import show_summary, show_title

show_title("Augmentation")
show_summary("Training images are transformed randomly in every epoch. Validation and test images are not.")
if selected := choose_images():
    pipeline, transforms = st.tabs(["Pipeline", "Single transforms"])
    with pipeline:
        show_pipeline(selected)
    with transforms:
        show_transforms(selected)
