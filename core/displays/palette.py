"""Colors, shapes and dashes of variants and heads, the same in every chart, page and file.

Colors are based on the color-blind safe palette of Okabe & Ito, adjusted for the light and the dark theme.
"""

import colorsys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat

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
_STAR = "M0,-1L.23,-.31L.95,-.31L.36,.12L.59,.81L0,.38L-.59,.81L-.36,.12L-.95,-.31L-.23,-.31Z"
_PENTAGON = "M0,-.8L.76,-.25L.47,.65L-.47,.65L-.76,-.25Z"
_MARKS = {
    "circle": "●",
    "square": "■",
    "triangle-up": "▲",
    "diamond": "◆",
    "cross": "✚",
    "triangle-down": "▼",
    "triangle-right": "►",
    "triangle-left": "◄",
    _STAR: "★",
    _PENTAGON: "⬟",
}
_DASHES = ((1, 0), (7, 3), (2, 3), (9, 3, 2, 3), (4, 2), (12, 4))
_DARK, _LIGHT = 0.3, 0.74  # lightness of the first and the last variant of one head
DEFAULT_MARK = "●"


@dataclass(frozen=True)
class VariantStyle:
    """Appearance of a variant. `shape` is a name or SVG path for Vega, `mark` the same shape as a character."""

    color: str
    shape: str
    dash: tuple[int, ...]

    @property
    def mark(self) -> str:
        return _MARKS[self.shape]


def assign_styles(orders: Sequence[tuple[str, int]]) -> dict[str, VariantStyle]:
    """Map labels to their appearance.

    A head always has the same hue and shape. Several variants of one head go from dark to light, with other dashes and
    with shapes that no other head has, as long as there are any.

    Args:
        orders: label of each variant and `order` of its head.
    """
    shapes = [*_MARKS]
    own = {order: shapes[(order - 1) % len(shapes)] for _, order in orders}
    free = iter([shape for shape in shapes if shape not in own.values()])
    counts, ranks = Counter(order for _, order in orders), Counter[int]()
    styles = {}
    for label, order in orders:
        rank, count = ranks[order], counts[order]
        ranks[order] += 1
        color = _COLORS[(order - 1) % len(_COLORS)]
        styles[label] = VariantStyle(
            color if count == 1 else _shade(color, rank / (count - 1)),
            own[order] if rank == 0 else next(chain(free, repeat(own[order]))),
            _DASHES[rank % len(_DASHES)],
        )
    return styles


def compute_styles(comparison: Comparison) -> dict[str, VariantStyle]:
    """Map the label of each variant to its appearance."""
    return assign_styles([(variant.label, variant.order) for variant in comparison.variants])


def colors(comparison: Comparison) -> dict[str, str]:
    """Map the label of each variant to its color."""
    return {label: style.color for label, style in compute_styles(comparison).items()}


def head_styles() -> dict[str, VariantStyle]:
    """Map the label of every registered head to its appearance."""
    return assign_styles([(head.label, head.order) for head in HEADS.values()])


def head_colors() -> dict[str, str]:
    """Map the label of every registered head to its color."""
    return {label: style.color for label, style in head_styles().items()}


def _shade(color: str, share: float) -> str:
    """Return the color from dark (0) to light (1)."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    light = _DARK + (_LIGHT - _DARK) * share
    return "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, light, saturation))
