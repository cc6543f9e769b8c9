"""Names of the ways in which images that are not square become squares (see `core.augment.prepare`)."""

from typing import Literal

from core.errors import DatasetError

Fit = Literal["crop", "pad", "stretch"]
"""Conversion of an image that is not square: its central square, black borders, or a changed aspect ratio."""

FITS: dict[Fit, str] = {
    "crop": "the central square",
    "pad": "the whole image with black borders",
    "stretch": "the whole image, stretched to a square",
}


def read_fit(text: str) -> Fit:
    """Return a fit by its name.

    Raises:
        DatasetError: when the name is unknown.
    """
    for fit in FITS:
        if fit == text:
            return fit
    raise DatasetError(f"Expected fit to be one of {', '.join(FITS)}; got {text!r:.40}.")
