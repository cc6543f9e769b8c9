"""Strips of images as HTML: rows under one another, so that an image and what became of it share a column."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from core.augment.pillow import to_picture
from core.augment.preview import shrink_to_fit

Images = Sequence[NDArray[np.uint8]]

_MOST_PIXELS = 192  # of the longer side: twice what a cell is wide on paper, for dense screens
_LOSSLESS_PIXELS = 96  # photos above that go as JPEG, a tenth of the bytes


@dataclass(frozen=True)
class Row:
    """Images, uint8 of shape (height, width, channels) each, with the `label` of the row and what is `said` of each
    to those who do not see it."""

    label: str
    images: Images
    said: Sequence[str]


def build_strip(rows: Sequence[Row], *, labels: bool = True, cell_pixels: int = 112) -> str:
    """A grid of the rows. Cells are at most `cell_pixels` wide and shrink with the screen; small images are enlarged
    without smoothing."""
    columns = max(len(row.images) for row in rows)
    first = "max-content " if labels else ""
    cells = []
    for row in rows:
        if labels:
            style = "font-size:0.8rem;opacity:0.75;align-self:center;padding-right:8px"
            cells.append(f'<div style="{style}">{escape(row.label)}</div>')
        cells += [_build_cell(image, said) for image, said in zip(row.images, row.said, strict=True)]
    return (
        f'<div style="display:grid;gap:4px;grid-template-columns:{first}repeat({columns},minmax(0,{cell_pixels}px))">'
        f"{''.join(cells)}</div>"
    )


def _build_cell(image: NDArray[np.uint8], said: str) -> str:
    smooth = max(image.shape) > _LOSSLESS_PIXELS
    return (
        f'<img src="{encode_image(image)}" alt="{escape(said)}" style="width:100%;aspect-ratio:1;object-fit:contain;'
        f'background:rgba(128,138,150,0.14);border-radius:4px{"" if smooth else ";image-rendering:pixelated"}">'
    )


def encode_image(image: NDArray[np.uint8]) -> str:
    """A data URI: PNG of a small image; of a larger one a JPEG, shrunk to what a screen shows of it."""
    small = max(image.shape) <= _LOSSLESS_PIXELS
    picture = to_picture(image) if max(image.shape) <= _MOST_PIXELS else shrink_to_fit(image, _MOST_PIXELS)
    file = io.BytesIO()
    picture.save(file, "PNG" if small else "JPEG", **({"compress_level": 1} if small else {"quality": 90}))
    return f"data:image/{'png' if small else 'jpeg'};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
