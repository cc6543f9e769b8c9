"""Contrast."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, draw_around, to_image, to_planes, transform


@transform(
    label="Contrast",
    order=4,
    amount=Amount(0, 4, 2, 0.1, form="×{:g}", neutral=1),
    strength=Strength(
        0.01, 1, 0.2, 0.01, form="×1 ∓ {:g}", help="Factors are drawn from 1 ∓ this.", draw=draw_around(1)
    ),
)
def contrast(image: Image, factor: float) -> Image:
    """Every value moves away from the mean of its channel, so many times as far as it was.

    The result is (value − mean) · factor + mean, rounded and clipped to 0..255, with a mean for each channel of each
    image: `tf.image.adjust_contrast`, to within one grey level, as TensorFlow does not round. In training the factor
    is drawn evenly from 1 ∓ strength, as `tf.image.random_contrast(image, 1 − strength, 1 + strength)` does.
    """
    planes = to_planes(image)
    means = planes.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    return to_image((planes - means) * np.float32(factor) + means)
