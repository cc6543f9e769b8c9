"""Draw your own page: live predictions of all heads for a drawing, an image file or a photo."""

from core.ui.draw.predictions import show_draw
from core.ui.frame import require_comparison
from core.ui.heading import show_title

show_title("Draw your own")
if comparison := require_comparison():
    show_draw(comparison)
