"""Grid of images as HTML. An image and its transformed versions share a column."""

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

_MAX_PIXELS = 192  # longer side; twice the width of a cell in print, for high-density screens
_LOSSLESS_PIXELS = 96  # longer side; larger images are encoded as JPEG, at a tenth of the size


@dataclass(frozen=True)
class Row:
    """Row of images, each uint8 of shape (height, width, channels), with a label and one alt text per image."""

    label: str
    images: Images
    alts: Sequence[str]


def build_strip(rows: Sequence[Row], *, labels: bool = True, cell_pixels: int = 112) -> str:
    """Return the HTML of the rows.

    Cells are at most `cell_pixels` wide and shrink with the screen. Small images are enlarged without smoothing.
    """
    columns = max(len(row.images) for row in rows)
    first = "max-content " if labels else ""
    cells = []
    for row in rows:
        if labels:
            style = "font-size:0.8rem;opacity:0.75;align-self:center;padding-right:8px"
            cells.append(f'<div style="{style}">{escape(row.label)}</div>')
        cells += [_build_cell(image, alt) for image, alt in zip(row.images, row.alts, strict=True)]
    return (
        f'<div style="display:grid;gap:4px;grid-template-columns:{first}repeat({columns},minmax(0,{cell_pixels}px))">'
        f"{''.join(cells)}</div>"
    )


def _build_cell(image: NDArray[np.uint8], alt: str) -> str:
    smooth = max(image.shape) > _LOSSLESS_PIXELS
    return (
        f'<img src="{encode_image(image)}" alt="{escape(alt)}" style="width:100%;aspect-ratio:1;object-fit:contain;'
        f'background:rgba(128,138,150,0.14);border-radius:4px{"" if smooth else ";image-rendering:pixelated"}">'
    )


def encode_image(image: NDArray[np.uint8]) -> str:
    """Return a data URI: a PNG for a small image, a downscaled JPEG for a larger one."""
    small = max(image.shape) <= _LOSSLESS_PIXELS
    picture = to_picture(image) if max(image.shape) <= _MAX_PIXELS else shrink_to_fit(image, _MAX_PIXELS)
    file = io.BytesIO()
    picture.save(file, "PNG" if small else "JPEG", **({"compress_level": 1} if small else {"quality": 90}))
    return f"data:image/{'png' if small else 'jpeg'};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
