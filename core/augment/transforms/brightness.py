"""Brightness."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, draw_around, to_image, to_planes, transform


@transform(
    label="Brightness",
    order=5,
    amount=Amount(-1, 1, 0.3, 0.05, form="{:+g}", neutral=0),
    strength=Strength(
        0.01, 1, 0.2, 0.01, form="± {:g}", help="Amounts are drawn uniformly from ± this value.", draw=draw_around(0)
    ),
)
def brightness(image: Image, delta: float) -> Image:
    """Adds a constant to every pixel (range 0–1).

    The result is value + 255 · delta, rounded and clipped to 0–255. This is `tf.image.adjust_brightness` to within one
    gray level, because TensorFlow does not round. In training delta is drawn uniformly from ± strength, as in
    `tf.image.random_brightness(image, strength)`.
    """
    return to_image(to_planes(image) + np.float32(255 * delta))
