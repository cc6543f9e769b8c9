"""Preview of a pipeline: original images and their augmented versions in five epochs."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from core.augment.pillow import to_picture
from core.augment.pipeline import Pipeline

EPOCHS = 5
_CELL_PIXELS, _GAP, _LABEL_PIXELS, _HEAD_PIXELS = 96, 6, 62, 24
_PAPER, _INK = "#ffffff", "#1c2430"


def render_preview(
    pipeline: Pipeline, images: NDArray[np.uint8], seed: int, side: int, *, first: int = 0
) -> bytes:  # fmt: skip
    """Return a PNG with the original images in the first row, and one row for each of the first five epochs.

    The title, which contains the text of the pipeline, is also stored in the metadata of the file as Description.

    Args:
        images: uint8 of shape (images, height, width, channels).
        side: size of the augmented images in pixels.
        first: index of the first image in the training split.
    """
    indices = range(first, first + len(images))
    rows = [("original", images)]
    rows += [
        (f"epoch {epoch}", pipeline.augment_batch(images, indices, seed=seed, epoch=epoch, side=side))
        for epoch in range(1, EPOCHS + 1)
    ]
    pitch = _CELL_PIXELS + _GAP
    title = f"{pipeline.text or 'no augmentation'} · seed {seed} · {side}×{side} pixels"
    text_pixels = round(ImageDraw.Draw(_sheet(1, 1)).textlength(title))
    width = max(_LABEL_PIXELS + pitch * len(images), text_pixels + 2 * _GAP)
    sheet = _sheet(width, _HEAD_PIXELS + pitch * len(rows))
    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP, _GAP), title, _INK)
    for row, (label, shown) in enumerate(rows):
        top = _HEAD_PIXELS + pitch * row
        pen.text((_GAP, top + _CELL_PIXELS // 2 - _GAP), label, _INK)
        for column, image in enumerate(shown):
            picture = shrink_to_fit(image, _CELL_PIXELS)
            margin = (_CELL_PIXELS - picture.width) // 2, (_CELL_PIXELS - picture.height) // 2
            sheet.paste(picture, (_LABEL_PIXELS + pitch * column + margin[0], top + margin[1]))
    file = io.BytesIO()
    metadata = PngInfo()
    metadata.add_text("Description", title)
    sheet.save(file, "PNG", pnginfo=metadata)
    return file.getvalue()


def shrink_to_fit(image: NDArray[np.uint8], pixels: int) -> Image.Image:
    """Resize an image so that its longer side has `pixels` pixels: nearest when enlarging, bilinear when shrinking."""
    picture = to_picture(image)
    scale = pixels / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BILINEAR)


def _sheet(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), _PAPER)
