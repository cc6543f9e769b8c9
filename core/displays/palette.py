"""Colours: one a head, everywhere. Okabe & Ito's set, safe for colour-blind readers, set to carry both themes."""

import colorsys

from core.spec import HEADS
from core.store.comparison import Comparison

_BY_PLACE = (
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
    """Label of each contender to its colour. Contenders of one head share its hue, from dark to light."""
    chosen: dict[str, str] = {}
    for variant in comparison.variants:
        base = _BY_PLACE[(variant.order - 1) % len(_BY_PLACE)]
        chosen[variant.label] = _lighten(base, _rank(comparison, variant.label))
    return chosen


def _rank(comparison: Comparison, label: str) -> int:
    """Position among the contenders of the same head."""
    order = next(c.order for c in comparison.variants if c.label == label)
    return [c.label for c in comparison.variants if c.order == order].index(label)


def _lighten(color: str, steps: int) -> str:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, full = colorsys.rgb_to_hls(red, green, blue)
    light = light + (0.85 - light) * min(0.28 * steps, 0.85)
    return "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, light, full))


def head_colors() -> dict[str, str]:
    """Label of every head there is to its colour."""
    return {head.label: _BY_PLACE[(head.order - 1) % len(_BY_PLACE)] for head in HEADS.values()}
