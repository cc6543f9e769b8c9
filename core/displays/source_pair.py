"""Source images next to the squares that a model receives."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from core.augment.fit import Fit
from core.augment.prepare import prepare
from core.displays.data_display import ImageCell
from core.displays.image_strip import encode_image

SIDE = 192
"""Longer side of the shown source, in pixels."""
CUT = (128, 138, 150)
"""Color of the part that the crop removes."""

_SQUARE = 128  # side of the shown square, in pixels


def build_fit_preview(images: Sequence[tuple[str, NDArray[np.uint8]]], fit: Fit) -> str:
    """Return images as HTML, each next to the square that it becomes.

    Args:
        images: File and pixels of each, uint8 of shape (height, width, channels).
    """
    cells = []
    for file, pixels in images:
        shown = shade_cut(pixels) if fit == "crop" else pixels
        name = file.rpartition("/")[2]
        cells += [
            ImageCell(shown, "Source", name, f"{file}: source"),
            ImageCell(prepare(pixels, _SQUARE, fit), f"→ {fit}", "", f"{file}: {fit}"),
        ]
    return build_pairs(cells, "140px")


def build_pairs(cells: Sequence[ImageCell], least: str = "clamp(160px,17vw,220px)") -> str:
    """Return images as HTML, of which every two are a pair, in a grid that fills the available width.

    Args:
        least: Least width of a pair in CSS.
    """
    pairs = "".join(_build_pair(*cells[number : number + 2]) for number in range(0, len(cells), 2))
    return (
        '<div style="display:grid;gap:14px clamp(14px,2.5vw,28px);'
        f'grid-template-columns:repeat(auto-fill,minmax({least},1fr))">'
        f"{pairs}</div>"
    )


def shade_cut(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image whose parts outside the central square are blended with gray."""
    height, width, channels = pixels.shape
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    shaded = (pixels // 3 + 2 * np.array(CUT[:channels], np.uint16) // 3).astype(np.uint8)
    shaded[top : top + edge, left : left + edge] = pixels[top : top + edge, left : left + edge]
    return shaded


def _build_pair(source: ImageCell, model: ImageCell) -> str:
    figures = "".join(
        f'<figure style="margin:0;flex:1;min-width:0"><img src="{encode_image(cell.image)}" alt="{escape(cell.alt)}" '
        'style="width:100%;aspect-ratio:1;object-fit:contain;border-radius:4px;background:rgba(128,138,150,0.08)'
        f'{"" if max(cell.image.shape) > SIDE // 2 else ";image-rendering:pixelated"}">'
        '<figcaption style="font-size:0.8rem;line-height:1.35;overflow:hidden;text-overflow:ellipsis;'
        f'white-space:nowrap"><b>{escape(cell.title)}</b><br>'
        f'<span style="opacity:0.8" title="{escape(cell.caption)}">{escape(cell.caption)}</span></figcaption></figure>'
        for cell in (source, model)
    )
    return f'<div style="display:flex;gap:8px;min-width:0">{figures}</div>'
