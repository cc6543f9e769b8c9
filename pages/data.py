"""Data page: the images of a dataset before training: classes, samples, sizes, pixel values, problems and sources."""

from core.ui.data.page import show_data_page

show_data_page()
