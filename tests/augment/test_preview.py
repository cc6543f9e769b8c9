"""Previews of augmented images."""

import io

import numpy as np
import pytest
from PIL import Image

from core.augment.pipeline import Pipeline
from core.augment.preview import EPOCHS, render_preview
from tests.support.pixels import noise


@pytest.mark.parametrize(("shape", "side"), [((28, 28, 1), 28), ((109, 89, 3), 64), ((256, 256, 3), 224)])
def test_preview_shows_originals_and_five_epochs(shape: tuple[int, ...], side: int) -> None:
    images = noise((4, *shape))
    pipeline = Pipeline.parse("random_crop,rotation=20")
    data = render_preview(pipeline, images, 3, side)
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.mode) == ("PNG", "RGB")
    assert picture.info["Description"] == f"{pipeline.text} · seed 3 · {side}×{side} pixels"
    assert picture.width < 520
    assert picture.height > 96 * (EPOCHS + 1)
    assert data == render_preview(pipeline, images, 3, side)
    assert data != render_preview(pipeline, images, 4, side)


def test_preview_shows_what_training_sees() -> None:
    images = noise((2, 32, 32, 1))
    pipeline = Pipeline.parse("shift=0.5")
    sheet = np.asarray(Image.open(io.BytesIO(render_preview(pipeline, images, 0, 32, first=10))))[..., 0]
    seen = pipeline.augment_batch(images, [10, 11], seed=0, epoch=5, side=32)[1, ..., 0]
    lowest = np.lib.stride_tricks.sliding_window_view(sheet[-110:], (96, 96))
    assert (lowest == seen.repeat(3, axis=0).repeat(3, axis=1)).all(axis=(2, 3)).any()
