"""Activation maps over their images, as HTML: orange speaks for a class, violet against it, where bright enough.

Orange and violet are told apart by every kind of colour-blind reader, and each map has its description in words. The
browser stretches a map over its image without steps, so a page weighs little and the opacity is one number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from core.displays.image_strip import encode_image
from core.displays.lab.drawing import encode_png

_FOR, _AGAINST = (255, 150, 20), (150, 110, 255)
_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")
_FAINT = 0.05
EMPTY = "an empty map"
_LAYER = "position:absolute;inset:0;width:100%;height:100%"
_SOFT = "font-size:0.85rem;opacity:0.8"

Shares = NDArray[np.float32]


@dataclass(frozen=True)
class Cell:
    """An image, uint8 of shape (height, width, channels), with what stands under it. `shares` of shape (rows, columns)
    go from −1 to 1; None for the image by itself. `about` is the class that they speak for."""

    image: NDArray[np.uint8]
    title: str
    text: str = ""
    color: str = ""
    shares: Shares | None = None
    about: str = ""


def paint(shares: Shares) -> NDArray[np.uint8]:
    """RGBA, uint8 of shape (rows, columns, 4); the stronger, the less one sees through it.

    >>> paint(np.array([[1, 0, -1]], np.float32))[0].tolist()
    [[255, 150, 20, 255], [255, 150, 20, 0], [150, 110, 255, 255]]
    """
    colors = np.where(shares[..., np.newaxis] < 0, _AGAINST, _FOR)
    strength = np.rint(255 * np.clip(np.abs(shares), 0, 1))[..., np.newaxis]
    return np.concatenate([colors, strength], axis=-1).astype(np.uint8)


def describe_shares(shares: Shares, about: str) -> str:
    """Where the strongest evidence is, in words.

    >>> describe_shares(np.array([[0, 0.5], [0, -1]], np.float32), "cat")
    'for cat most at the top right (50 %), against it most at the bottom right (100 %)'
    """
    parts = []
    for sign, words in ((1, f"for {about} most"), (-1, "against it most")):
        place = np.unravel_index(int((sign * shares).argmax()), shares.shape)
        if (strength := float(sign * shares[place])) >= _FAINT:
            where = _name(int(place[0]), int(place[1]), shares.shape)
            parts.append(f"{words} at the {where} ({100 * strength:.0f} %)")
    return ", ".join(parts) or f"nothing speaks for {about} or against it"


def _name(row: int, column: int, shape: tuple[int, ...]) -> str:
    y, x = (min(2, int(3 * (place + 0.5) / size)) for place, size in ((row, shape[0]), (column, shape[1])))
    return "centre" if (y, x) == (1, 1) else f"{_ROWS[y]} {_COLUMNS[x]}"


def build_group(cells: Sequence[Cell], *, heading: str = "", pixels: int = 112, frame: bool = True) -> str:
    """Some cells side by side under a heading; an image that several show is encoded once."""
    urls = {id(cell.image): encode_image(cell.image) for cell in {id(cell.image): cell for cell in cells}.values()}
    body = "".join(_build_cell(cell, urls[id(cell.image)], pixels) for cell in cells)
    title = f'<div style="font-weight:600;margin-bottom:4px">{escape(heading)}</div>' if heading else ""
    around = "border:1px solid rgba(128,138,150,0.35);border-radius:8px;padding:10px" if frame else ""
    return f'<div style="{around}">{title}<div style="display:flex;flex-wrap:wrap;gap:10px">{body}</div></div>'


def build_groups(groups: Sequence[str]) -> str:
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(groups)}</div>'


def set_opacity(html: str, opacity: float) -> str:
    """Groups with the opacity of their maps, from 0 to 1: all that changes when it does."""
    return f'<div style="--maps:{opacity:g}">{html}</div>'


def _build_cell(cell: Cell, url: str, pixels: int) -> str:
    crisp = "" if max(cell.image.shape) > 96 else ";image-rendering:pixelated"
    told = f": {describe_shares(cell.shares, cell.about)}" if cell.shares is not None else ""
    layers = f'<img src="{url}" alt="{escape(cell.title + told)}" style="{_LAYER}{crisp}">'
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
    """The colours and what they stand for; Grad-CAM alone has nothing against a class."""
    orange, violet = (f"rgb({','.join(map(str, color))})" for color in (_FOR, _AGAINST))
    ends = [("100 % against", violet)] if exact else []
    stops = ",".join([*(color for _, color in ends), "transparent", orange])
    words = "".join(f"<span>{word}</span>" for word in (*(word for word, _ in ends), "0", "100 % for the class"))
    return (
        f'<div style="max-width:340px;{_SOFT}"><div style="height:12px;border-radius:3px;'
        f'border:1px solid rgba(128,138,150,0.5);background:linear-gradient(90deg,{stops})"></div>'
        f'<div style="display:flex;justify-content:space-between">{words}</div></div>'
    )
