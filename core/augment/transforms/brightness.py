"""Brightness."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, draw_around, to_image, to_planes, transform


@transform(
    label="Brightness",
    order=5,
    amount=Amount(-1, 1, 0.3, 0.05, form="{:+g}", neutral=0),
    strength=Strength(0.01, 1, 0.2, 0.01, form="∓ {:g}", help="Amounts are drawn from ∓ this.", draw=draw_around(0)),
)
def brightness(image: Image, delta: float) -> Image:
    """So much is added to every value, on the scale where black is 0 and white is 1.

    The result is value + 255 · delta, rounded and clipped to 0..255: `tf.image.adjust_brightness`, to within one grey
    level, as TensorFlow does not round. In training delta is drawn evenly from ∓ strength, as
    `tf.image.random_brightness(image, strength)` does.
    """
    return to_image(to_planes(image) + np.float32(255 * delta))
