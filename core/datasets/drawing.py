"""Conversion of a drawing to the format of a dataset of drawings: white on black, same size and position."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError

_FAINT = 0.2  # of the maximum; fainter pixels are background
_LEAST_CONTRAST = 24  # of 255

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class DrawnImage:
    """Preprocessing that the authors of a dataset applied to the original drawings.

    Attributes:
        field: Side length of the black square that contains the drawing; it is enlarged to the size of the images.
        box: Side length to which the drawing is scaled.
        center: Position of the center of mass in both axes; None centers the bounding box instead.
        description: The preprocessing as text.
    """

    field: int
    box: int
    center: float | None
    description: str


def fit_drawing(picture: Pixels, drawing: DrawnImage, side: int) -> Pixels:
    """Convert a drawing, uint8 of shape (height, width, 1), to an image like those of the dataset, (side, side, 1).

    Dark drawings on a bright background are inverted; the border determines the background.

    Raises:
        DatasetError: when the drawing is empty.
    """
    from PIL import Image  # not needed to list datasets

    ink = _find_ink(picture[..., 0])
    rows, columns = (np.flatnonzero((ink > _FAINT * 255).any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = drawing.box / max(ink.shape)
    height, width = (max(1, round(edge * scale)) for edge in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BOX))
    field = np.zeros((drawing.field, drawing.field), np.uint8)
    top, left = (_compute_offset(small.sum(axis=axis, dtype=np.float64), drawing) for axis in (1, 0))
    field[top : top + height, left : left + width] = small
    if drawing.field != side:
        field = np.asarray(Image.fromarray(field).resize((side, side), Image.Resampling.BILINEAR))
    return field[..., np.newaxis]


def _find_ink(grey: Pixels) -> Pixels:
    """Return the drawing white on black, scaled to 0 … 255."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float64)
    background = float(np.median(border))
    ink = np.clip((grey - background) if background < 128 else (background - grey), 0, 255)
    if ink.max() < _LEAST_CONTRAST:
        raise DatasetError("The drawing is empty. Draw something, or use an image with more contrast.")
    return np.rint(ink * (255 / ink.max())).astype(np.uint8)


def _compute_offset(mass: NDArray[np.float64], drawing: DrawnImage) -> int:
    """Return the offset of the drawing along one axis; `mass` is the sum of the pixel values at each position."""
    free = drawing.field - len(mass)
    if drawing.center is None or not mass.any():
        return free // 2
    middle = float((mass * np.arange(len(mass))).sum() / mass.sum())
    return int(np.clip(round(drawing.center - middle), 0, free))
