"""Colours of the heads, the same everywhere.

Based on the colour-blind safe palette of Okabe & Ito, adjusted for the light and the dark theme.
"""

import colorsys

from core.spec import HEADS
from core.store.comparison import Comparison

_COLORS = (
    "#0a84c6",
    "#3fb8e8",
    "#0a9e74",
    "#c774a8",
    "#dd6a12",
    "#d9a003",
    "#7a6fd0",
    "#8c8c8c",
    "#b8574f",
    "#7fb41c",
    "#e0559a",
    "#3d5fc4",
)


def colors(comparison: Comparison) -> dict[str, str]:
    """Map the label of each variant to its colour. Variants of one head have the same hue, from dark to light."""
    chosen: dict[str, str] = {}
    for variant in comparison.variants:
        base = _COLORS[(variant.order - 1) % len(_COLORS)]
        chosen[variant.label] = _lighten(base, _rank(comparison, variant.label))
    return chosen


def _rank(comparison: Comparison, label: str) -> int:
    """Return the index of a variant among the variants of the same head."""
    order = next(c.order for c in comparison.variants if c.label == label)
    return [c.label for c in comparison.variants if c.order == order].index(label)


def _lighten(color: str, steps: int) -> str:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    light = light + (0.85 - light) * min(0.28 * steps, 0.85)
    return "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, light, saturation))


def head_colors() -> dict[str, str]:
    """Map the label of every registered head to its colour."""
    return {head.label: _COLORS[(head.order - 1) % len(_COLORS)] for head in HEADS.values()}
