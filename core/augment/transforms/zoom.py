"""Zoom."""

import numpy as np

from core.augment.pillow import to_array, to_picture
from core.augment.transform import Amount, Image, Strength, transform


def draw(rng: "np.random.Generator", strength: float) -> tuple[float]:
    limit = np.log1p(strength)
    return (float(np.exp(rng.uniform(-limit, limit))),)


@transform(
    label="Zoom",
    order=12,
    amount=Amount(0.5, 2, 1.4, 0.05, form="×{:g}", neutral=1),
    strength=Strength(
        0.01,
        1,
        0.2,
        0.01,
        form="up to ×1 + {:g}",
        help="Factors are drawn from 1 / (1 + value) to 1 + value.",
        draw=draw,
    ),
)
def zoom(image: Image, factor: float) -> Image:
    """Scales the image content by a factor about its center; the size does not change, empty borders are black.

    Bilinear. `tf.image` has no equivalent; above 1 it is close to `central_crop` with 1 / factor. In training the
    factor is drawn log-uniformly from 1 / (1 + strength) to 1 + strength, so that 2 and 1/2 are equally likely.
    """
    if factor == 1:
        return image
    from PIL.Image import Resampling, Transform

    height, width, _ = image.shape
    x, y = width / 2 * (1 - 1 / factor), height / 2 * (1 - 1 / factor)
    matrix = (1 / factor, 0.0, x, 0.0, 1 / factor, y)
    return to_array(to_picture(image).transform((width, height), Transform.AFFINE, matrix, Resampling.BILINEAR))
