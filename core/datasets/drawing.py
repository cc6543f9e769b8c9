"""How a drawing becomes a picture like those of a dataset of drawn things: bright on black, their size and place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import DatasetError

_FAINT = 0.2  # of the brightest: paler is no ink
_LEAST_CONTRAST = 24  # of 255

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class DrawnImage:
    """What the makers of a dataset did to the drawn things in it.

    They were shrunk into a square of `box` pixels in a `field` of so many, with their centre of mass at `center`, or,
    where that is None, with the middle of their frame in the middle; a field of fewer pixels than the images have was
    enlarged to them. `said` tells that in words.
    """

    field: int
    box: int
    center: float | None
    description: str


def fit_drawing(picture: Pixels, drawing: DrawnImage, side: int) -> Pixels:
    """From a picture of something drawn, uint8 of shape (height, width, 1), to (side, side, 1) as the dataset has it.

    What is dark on a bright ground is turned round: the ground is what its rim has most of.

    Raises:
        DatasetError: when nothing is drawn.
    """
    ink = _find_ink(picture[..., 0])
    rows, columns = (np.flatnonzero((ink > _FAINT * 255).any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = drawing.box / max(ink.shape)
    height, width = (max(1, round(edge * scale)) for edge in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BOX))
    field = np.zeros((drawing.field, drawing.field), np.uint8)
    top, left = (_place(small.sum(axis=axis, dtype=np.float64), drawing) for axis in (1, 0))
    field[top : top + height, left : left + width] = small
    if drawing.field != side:
        field = np.asarray(Image.fromarray(field).resize((side, side), Image.Resampling.BILINEAR))
    return field[..., np.newaxis]


def _find_ink(grey: Pixels) -> Pixels:
    """Bright on black, from 0 to 255."""
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float64)
    ground = float(np.median(rim))
    ink = np.clip((grey - ground) if ground < 128 else (ground - grey), 0, 255)
    if ink.max() < _LEAST_CONTRAST:
        raise DatasetError("Expected something drawn, dark on bright or bright on dark; got an empty picture.")
    return np.rint(ink * (255 / ink.max())).astype(np.uint8)


def _place(mass: NDArray[np.float64], drawing: DrawnImage) -> int:
    """Where the drawn thing begins along one axis, whose pixels have that much ink."""
    room = drawing.field - len(mass)
    if drawing.center is None or not mass.any():
        return room // 2
    middle = float((mass * np.arange(len(mass))).sum() / mass.sum())
    return int(np.clip(round(drawing.center - middle), 0, room))
