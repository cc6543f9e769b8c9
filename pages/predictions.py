"""Predictions: test images with what each head took them for."""

from core.displays.headline import write_predictions
from core.ui.compare import show_confusion, show_finding
from core.ui.frame import need_comparison
from core.ui.gallery import show_gallery
from core.ui.state import chosen_comparison

if need_comparison() and (comparison := chosen_comparison()):
    show_finding("Predictions", write_predictions(comparison))
    show_gallery(comparison)
    show_confusion(comparison)
