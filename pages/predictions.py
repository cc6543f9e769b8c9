"""Predictions: test images with the prediction of each head."""

from core.displays.headline import write_accuracies
from core.ui.frame import need_comparison
from core.ui.heading import show_page_heading
from core.ui.predictions.confusion import show_confusion
from core.ui.predictions.gallery import show_gallery
from core.ui.session import chosen_comparison

if need_comparison() and (comparison := chosen_comparison()):
    show_page_heading("Predictions", write_accuracies(comparison))
    show_gallery(comparison)
    show_confusion(comparison)
