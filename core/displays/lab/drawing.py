"""Drawings of numbers in boxes, as SVG: a slider moves them at once, where a chart of cells takes ten times as long.

Strokes and labels take the colour of the text around, so both themes are served by one drawing.
"""

import base64
import io
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.displays.lab.shades import ACCENT, GREY, ink_on, write_hex


class SvgDrawing:
    """Collects shapes; coordinates are in pixels, y grows downwards. It shrinks with its place, it never grows."""

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
        """A box with a figure in it. Without `fill` it is empty: its edge is dotted and its figure grey."""
        width, height = size
        ground = write_hex(fill) if fill is not None else "none"
        dash = "" if fill is not None else ' stroke-dasharray="2 3"'
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{ground}" stroke="{GREY}" '
            f'stroke-width=".7"{dash}/>'
        )
        if text:
            ink = ink_on(fill) if fill is not None else GREY
            self.label(x + width / 2, y + height / 2, text, font=font, color=ink)

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

    def pixels(self, x: float, y: float, size: tuple[float, float], values: NDArray[np.uint8]) -> None:
        """A picture, uint8 of shape (height, width, 3 or 4), enlarged without smoothing."""
        self._parts.append(
            f'<image x="{x:g}" y="{y:g}" width="{size[0]:g}" height="{size[1]:g}" preserveAspectRatio="none" '
            f'style="image-rendering:pixelated" href="{encode_png(values)}"/>'
        )

    def svg(self, alt: str) -> str:
        """The drawing with its description for those who cannot see it."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(alt)}" '
            f'viewBox="-2 -2 {self.width + 4:g} {self.height + 4:g}" '
            f'style="width:{self.width + 4:g}px;max-width:100%">{"".join(self._parts)}</svg>'
        )


def encode_png(pixels: NDArray[np.uint8]) -> str:
    """A data URI of pixels, uint8 of shape (height, width, 3 or 4)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
