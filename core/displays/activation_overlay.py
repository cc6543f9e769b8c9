"""Class activation maps as HTML overlays: orange is evidence for the class, violet evidence against it.

The two colors are safe for all types of color blindness, and each map has alt text. The browser interpolates a map
over its image, so that the page stays small and the opacity is a single CSS value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from core.displays.image_strip import encode_image
from core.displays.lab.drawing import encode_png
from core.displays.number import quote_class

_FOR, _AGAINST = (255, 150, 20), (150, 110, 255)
_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "center", "right")
_FAINT = 0.05
EMPTY = "empty map"
_LAYER = "position:absolute;inset:0;width:100%;height:100%"
_SOFT = "font-size:0.85rem;opacity:0.8"

Shares = NDArray[np.float32]


@dataclass(frozen=True)
class Cell:
    """Image, uint8 of shape (height, width, channels), with a caption and optionally an activation map.

    `shares` is the map, of shape (rows, columns) with values from −1 to 1; None for the image only. `about` is the name
    of its class.
    """

    image: NDArray[np.uint8]
    title: str
    text: str = ""
    color: str = ""
    shares: Shares | None = None
    about: str = ""


def paint(shares: Shares) -> NDArray[np.uint8]:
    """Return a map as RGBA, uint8 of shape (rows, columns, 4). Opacity is proportional to the absolute value.

    >>> paint(np.array([[1, 0, -1]], np.float32))[0].tolist()
    [[255, 150, 20, 255], [255, 150, 20, 0], [150, 110, 255, 255]]
    """
    colors = np.where(shares[..., np.newaxis] < 0, _AGAINST, _FOR)
    strength = np.rint(255 * np.clip(np.abs(shares), 0, 1))[..., np.newaxis]
    return np.concatenate([colors, strength], axis=-1).astype(np.uint8)


def describe_shares(shares: Shares, about: str) -> str:
    """Describe the positions of the strongest evidence as text.

    >>> describe_shares(np.array([[0, 0.5], [0, -1]], np.float32), "cat")
    'strongest evidence for "cat" at the top right (50%), against it at the bottom right (100%)'
    """
    parts, name = [], quote_class(about)
    for sign, direction in ((1, f"for {name}"), (-1, "against it" if shares.max() >= _FAINT else f"against {name}")):
        index = np.unravel_index(int((sign * shares).argmax()), shares.shape)
        if (strength := float(sign * shares[index])) >= _FAINT:
            position = _name_position(int(index[0]), int(index[1]), shares.shape)
            parts.append(f"{direction} at the {position} ({100 * strength:.0f}%)")
    return f"strongest evidence {', '.join(parts)}" if parts else f"no evidence for or against {name}"


def _name_position(row: int, column: int, shape: tuple[int, ...]) -> str:
    y, x = (min(2, int(3 * (index + 0.5) / size)) for index, size in ((row, shape[0]), (column, shape[1])))
    return "center" if (y, x) == (1, 1) else f"{_ROWS[y]} {_COLUMNS[x]}"


def build_group(cells: Sequence[Cell], *, heading: str = "", pixels: int = 112, frame: bool = True) -> str:
    """Return the HTML of a row of cells under a heading. An image shared by several cells is encoded once."""
    urls = {id(cell.image): encode_image(cell.image) for cell in {id(cell.image): cell for cell in cells}.values()}
    body = "".join(_build_cell(cell, urls[id(cell.image)], pixels) for cell in cells)
    title = f'<div style="font-weight:600;margin-bottom:4px">{escape(heading)}</div>' if heading else ""
    around = "border:1px solid rgba(128,138,150,0.35);border-radius:8px;padding:10px" if frame else ""
    return f'<div style="{around}">{title}<div style="display:flex;flex-wrap:wrap;gap:10px">{body}</div></div>'


def build_groups(groups: Sequence[str]) -> str:
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(groups)}</div>'


def set_opacity(html: str, opacity: float) -> str:
    """Wrap the HTML of groups with the opacity of their maps, from 0 to 1."""
    return f'<div style="--maps:{opacity:g}">{html}</div>'


def _build_cell(cell: Cell, url: str, pixels: int) -> str:
    crisp = "" if max(cell.image.shape) > 96 else ";image-rendering:pixelated"
    evidence = f": {describe_shares(cell.shares, cell.about)}" if cell.shares is not None else ""
    layers = f'<img src="{url}" alt="{escape(cell.title + evidence)}" style="{_LAYER}{crisp}">'
    if cell.shares is not None:
        layers += f'<img src="{encode_png(paint(cell.shares))}" alt="" style="{_LAYER};opacity:var(--maps)">'
    height, width = cell.image.shape[:2]
    dot = (
        f'<span style="display:inline-block;width:9px;height:9px;border-radius:50%;background:{cell.color};'
        'margin-right:5px"></span>'
        if cell.color
        else ""
    )
    return (
        f'<div style="width:min({pixels}px,{25 * pixels // 112}vw)">'
        f'<div style="position:relative;width:100%;aspect-ratio:{width}/{height};background:#000;border-radius:4px;'
        f'overflow:hidden">{layers}</div>'
        f'<div style="font-size:0.8rem;margin-top:4px;overflow-wrap:anywhere">{dot}{escape(cell.title)}</div>'
        f'<div style="font-size:0.8rem;opacity:0.8;overflow-wrap:anywhere">{escape(cell.text)}</div></div>'
    )


def build_scale(exact: bool) -> str:
    """Return the HTML of the color scale. Grad-CAM has no evidence against a class, so only exact maps have violet."""
    orange, violet = (f"rgb({','.join(map(str, color))})" for color in (_FOR, _AGAINST))
    ends = [("100% against", violet)] if exact else []
    stops = ",".join([*(color for _, color in ends), "transparent", orange])
    labels = "".join(f"<span>{label}</span>" for label in (*(label for label, _ in ends), "0", "100% for the class"))
    return (
        f'<div style="max-width:340px;{_SOFT}"><div style="height:12px;border-radius:3px;'
        f'border:1px solid rgba(128,138,150,0.5);background:linear-gradient(90deg,{stops})"></div>'
        f'<div style="display:flex;justify-content:space-between">{labels}</div></div>'
    )
