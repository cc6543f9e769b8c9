"""Predictions page: test images with the prediction of each head."""

from core.ui.frame import require_comparison
from core.ui.predictions.confusion import show_confusion
from core.ui.predictions.gallery import show_gallery

if comparison := require_comparison():
    show_gallery(comparison)
    show_confusion(comparison)
