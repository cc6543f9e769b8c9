"""Predictions: test images with what each head took them for."""

from core.displays.headline import write_accuracies
from core.ui.compare.sections import show_confusion, show_finding
from core.ui.frame import need_comparison
from core.ui.image_grid import show_gallery
from core.ui.session import chosen_comparison

if need_comparison() and (comparison := chosen_comparison()):
    show_finding("Predictions", write_accuracies(comparison))
    show_gallery(comparison)
    show_confusion(comparison)
