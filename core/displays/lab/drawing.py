"""SVG drawings of numbers in cells. They render about ten times faster than a Vega-Lite chart of cells.

Labels use the current text color, so that one drawing works in the light and the dark theme.
"""

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.displays.lab.shades import ACCENT, GREY, contrast_color, write_hex


class SvgDrawing:
    """SVG canvas with coordinates in pixels, y pointing down. It shrinks to fit its container but never grows."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    def cell(
        self,
        x: float,
        y: float,
        size: tuple[float, float],
        text: str = "",
        fill: NDArray[np.uint8] | None = None,
        font: float = 14,
    ) -> None:
        """Add a cell with text. Without `fill` the cell has a dotted border and gray text."""
        width, height = size
        background = write_hex(fill) if fill is not None else "none"
        dash = "" if fill is not None else ' stroke-dasharray="2 3"'
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{background}" stroke="{GREY}" '
            f'stroke-width=".7"{dash}/>'
        )
        if text:
            color = contrast_color(fill) if fill is not None else GREY
            self.label(x + width / 2, y + height / 2, text, font=font, color=color)

    def label(
        self,
        x: float,
        y: float,
        text: str,
        *,
        font: float = 13,
        color: str = "currentColor",
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{font:.3g}" fill="{color}" text-anchor="{anchor}" '
            f'dominant-baseline="central"{weight}>{escape(text)}</text>'
        )

    def edge(self, x: float, y: float, size: tuple[float, float], *, color: str = ACCENT, width: float = 3) -> None:
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{size[0]:g}" height="{size[1]:g}" fill="none" stroke="{color}" '
            f'stroke-width="{width:g}"/>'
        )

    def bar(self, x: float, y: float, size: tuple[float, float], *, color: str, opacity: float = 1) -> None:
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{size[0]:g}" height="{size[1]:g}" rx="3" fill="{color}" '
            f'fill-opacity="{opacity:g}"/>'
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, color: str, width: float = 1.5, opacity: float = 1
    ) -> None:
        self._parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{color}" stroke-width="{width:g}" '
            f'stroke-opacity="{opacity:g}"/>'
        )

    def area(self, points: Sequence[tuple[float, float]], *, color: str, opacity: float) -> None:
        """Add a filled polygon."""
        corners = " ".join(f"{x:.6g},{y:.6g}" for x, y in points)
        self._parts.append(f'<polygon points="{corners}" fill="{color}" fill-opacity="{opacity:g}"/>')

    def pixels(self, x: float, y: float, size: tuple[float, float], values: NDArray[np.uint8]) -> None:
        """Add an image, uint8 of shape (height, width, 3 or 4), enlarged without smoothing."""
        self._parts.append(
            f'<image x="{x:g}" y="{y:g}" width="{size[0]:g}" height="{size[1]:g}" preserveAspectRatio="none" '
            f'style="image-rendering:pixelated" href="{encode_png(values)}"/>'
        )

    def svg(self, alt: str) -> str:
        """Return the drawing with alt text for screen readers."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(alt)}" '
            f'viewBox="-2 -2 {self.width + 4:g} {self.height + 4:g}" '
            f'style="width:{self.width + 4:g}px;max-width:100%">{"".join(self._parts)}</svg>'
        )


def encode_png(pixels: NDArray[np.uint8]) -> str:
    """Return pixels, uint8 of shape (height, width, 3 or 4), as a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
